"""The addresses of the lab, one subject a file."""
