"""Layer-sequential unit variance: each layer divided by the spread of its output, in the order of execution.

    until |Var(z) - 1| < tolerance, ten times at most:  W <- W/√Var(z)

Reference: Mishkin, Matas, All you need is a good init, ICLR 2016, arXiv:1511.06422.
"""

from initlab.plans.data_dependent.network import FAINTEST, Change, Network, Output

TOLERANCE = 0.01
"""The paper stops at 0.1; nearer costs one more pass of the layer, where it has a bias, and none where it has not."""


def lsuv(network: Network, *, seed: int) -> None:  # noqa: ARG001
    """Rescale every layer to unit variance of its output."""

    def adjust(output: Output) -> Change | None:
        if abs(output.std**2 - 1) < TOLERANCE or output.std <= FAINTEST:
            return None
        return Change(scale=1 / output.std)

    network.run(adjust)
