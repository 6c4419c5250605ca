"""initlab gets a neural network right before its first training step."""
