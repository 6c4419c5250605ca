"""Rules about what the loss shows."""
