"""The check: trace a model, apply the rules, order what they found by cause, prove the remedies."""
