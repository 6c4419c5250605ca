"""Data-dependent initialization of weight normalisation: every channel starts with mean 0 and spread 1 on the batch.

    g <- g/σ,  b <- (b - μ)/σ,  channel by channel, in the order of execution

A layer without weight normalisation is treated alike, its weights in the place of g.

Reference: Salimans, Kingma, Weight Normalization, NeurIPS 2016, arXiv:1602.07868, section 3.
"""

from initlab.plans.data_dependent.network import Change, Network, Output, inverse


def weight_norm(network: Network, *, seed: int, start: float = 0.0) -> None:  # noqa: ARG001
    """Rescale and shift every channel to mean `start` and spread 1."""
    done: set[str] = set()

    def adjust(output: Output) -> Change | None:
        if output.name in done:
            return None
        done.add(output.name)
        scale = inverse(output.channel_std)
        return Change(scale=scale, shift=start - output.channel_mean * scale)

    network.run(adjust)
