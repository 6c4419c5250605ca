"""Results to output: text for people, JSON and CSV for programs, figures and a report."""
