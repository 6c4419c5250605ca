"""Experiments: the same network trained under several schemes and seeds, what came out, and where it is kept."""
