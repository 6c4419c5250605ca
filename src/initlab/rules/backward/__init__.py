"""Rules about what the gradients show, now and after two virtual steps."""
