"""W077: normalisations in eval mode whose running variance is 0."""

from collections.abc import Iterator

from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace


@rule("W077", "unset-statistics", severity="warning")
def unset_statistics(trace: Trace) -> Iterator[Finding]:
    """A normalisation in eval mode divides by √ε, and by no variance.

    In eval mode it puts out γ (x - m)/√(v + ε) + β with the running m and v. They start at 0 and 1; where most of the
    v are below ε, as zeroed, empty or unloaded buffers are, it is ε that scales: x is multiplied by up to 1/√ε, 316 at
    ε = 1e-5, in every such layer, and no step mends that. In train mode the statistics are the batch's own.

    ## Limit
    v >= ε for half of the units at least, in eval mode

    ## Example
    model = nn.Sequential(nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))
    model[1].running_var.zero_()
    model[1].eval()

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))
    model[1].eval()

    ## References
    Ioffe, Szegedy, Batch normalization, ICML 2015, arXiv:1502.03167, algorithm 2: inference with running moments.
    """
    if trace.framework != "torch":
        raise NotApplicable("running statistics are read of PyTorch models alone")
    if not trace.unscaled:
        return
    first, *others = trace.unscaled
    more = f" The same holds of {len(others)} more." if others else ""
    code = "\n".join(f'model.get_submodule("{name}").reset_running_stats()' for name in trace.unscaled)
    yield Finding(
        severity="warning",
        path=first,
        measured=0.0,
        limit=0.5,
        formula="half of the running variances or more are at least ε",
        cause=f"{first or 'The normalisation'} is in eval mode with running variances near 0: it divides by √ε.{more}",
        remedy=Remedy(words="Reset the running statistics to 0 and 1, load them, or put it in train mode.", code=code),
        weights=trace.unscaled,
    )
