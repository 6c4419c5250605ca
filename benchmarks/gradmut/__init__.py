"""GradMut: mutants of hand-written backward passes, and who finds them. Run: python -m benchmarks.gradmut --help"""
