"""The virtual optimizer steps of a trace, the same for every framework: θ ← θ - rate · g/√(g² + mean(g²) + ε²)."""

STEPS = 2
"""Nested zero gates (a zero head on a zero residual branch) need two steps to open."""

RATE = 1e-3
EPSILON = 1e-8
