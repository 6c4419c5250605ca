"""Theory: what an activation, a depth and a width do to signals and gradients, computed before anything is drawn.

    callables.py      any function as an activation: by name, from a file, of NumPy, torch or JAX
    moments.py        E φ², E φ'², ... at any q, each with its error
    gains.py          the gains that keep signal or gradient, and whether the size they keep is stable
    maps.py           the variance map, the correlation map and their slopes
    fixed_points.py   q*, c*, χ, depth scales, the critical line
    spectrum.py       the singular values of the Jacobian
    finite_width.py   how far nets of finite width spread about all this
    predict.py        a stack of layers -> standard deviations with a band, layer by layer, and trainable depth

It takes numbers and activations, never a scheme or a network.
"""
