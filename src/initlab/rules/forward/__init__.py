"""Rules about what the forward pass shows."""
