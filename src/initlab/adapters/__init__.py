"""Adapters: a model of NumPy, torch or JAX in neutral terms. What is known of layouts is known here only."""
