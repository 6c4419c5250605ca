"""The from-scratch multilayer perceptron: forward, backward and loss in NumPy, and a trainer compiled for speed."""
