"""Layers other than dense ones, written out in NumPy, and what goes wrong in their backward passes."""
