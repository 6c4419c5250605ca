"""A network whose cost was recognised vouches for gradients: its own backward pass is exact, differences are not."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from initlab.gradients.blocks import Examined
from initlab.gradients.coordinates import Measured
from initlab.gradients.harness import Copies
from initlab.gradients.projection import KAPPA, gaussian
from initlab.gradients.reference import Net, replay
from initlab.gradients.returned import Gradient

FINE = 1e-6
"""A resolution coarser than this is compared with the recognised network's own gradient."""

SLACK = 1e-7
"""How far a recognised network's slope may be from the measured one beside its error bar, as a share."""


def settled(net: Net, name: str, found: Examined, gradient: Gradient, *, tolerance: float) -> Examined:
    """A block that differences resolve coarsely, beside the gradient of the network itself."""
    told = found.verdict == "PASS" and (found.independent or found.resolution <= FINE)
    if told or found.verdict in ("WRONG", "VACUOUS") or (found.verdict == "NON-SMOOTH" and net.on_a_kink):
        return found
    a, right = gradient.values[name], replay(net, {}).gradients()[name]
    slack = 8 * gradient.rounding[name] + 1e-12 * float(np.abs(right).max()) + net.off(name, right)
    size = float(np.sqrt(np.sum(a**2)))
    if size > 0 and np.all(np.abs(a - right) <= slack):
        resolution = min(found.resolution, float(np.sqrt(np.sum(slack**2))) / size)
        return replace(found, verdict="PASS" if resolution <= tolerance else found.verdict, resolution=resolution)
    return replace(found, verdict="WRONG") if np.any(np.abs(a - right) > 8 * slack) else found


def vouched(net: Net, theta: Copies, examined: Mapping[str, Examined], *, seed: int) -> bool:
    """Whether the network's own gradient has the slopes that were measured: if not, it is another one after all."""
    right = replay(net, {}).gradients()
    return all(
        abs(float(np.sum(v * right[name])) - seen.numeric) <= KAPPA * seen.error + SLACK * abs(seen.numeric)
        for name, found in examined.items()
        for draw, seen in enumerate(found.projections)
        for v in [gaussian(name, theta[name], seed=seed, draw=draw)]
        if not seen.kinked
    )


def entries_of(net: Net, name: str, gradient: Gradient) -> Measured:
    """The entries of a block beside those of the network's own gradient."""
    a, right = gradient.values[name], replay(net, {}).gradients()[name]
    error = gradient.rounding[name] + 1e-13 * float(np.abs(right).max()) + net.off(name, right)
    return Measured(
        places=np.arange(a.size),
        analytic=a.ravel(),
        numeric=right.ravel(),
        error=np.broadcast_to(error, a.shape).ravel(),
        kinked=np.zeros(a.size, dtype=bool),
        shape=a.shape,
    )
