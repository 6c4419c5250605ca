"""Plans: a policy applied to a model, drawn, and held against what the model then holds."""
