"""Rules about what the weights themselves say, without a model."""
