"""Modules of torch in neutral terms."""
