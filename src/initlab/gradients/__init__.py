"""Gradient checking: is a gradient right, wrong (where, and by what mistake), or is that beyond telling?

case         what is checked: a cost, its gradients, the parameters; checked at the door
harness      the cost along a line, counted, its branches watched, its copy in float64
gates        nothing random, nothing that changes between two calls
blocks       one random direction a block, with error bars: a verdict and its resolution
coordinates  one by one, where a block fails
identities   what must hold without a single difference
invariance   what must hold before a norm, likewise
diagnose     where the chain breaks, then which mistake of the catalogue (causes/) reproduces what was returned
probe        a network and a batch in which no mistake is invisible
"""
