"""Pytrees of JAX, and the modules of Flax and Equinox, in neutral terms."""
