"""W063: gradients that the optimizer takes for noise."""

import math
from collections.abc import Iterator

from initlab.rules.backward.elasticity import OPENS
from initlab.rules.backward.redundant import redundant_biases
from initlab.rules.evidence import before_scores, culprit, everywhere, redrawn
from initlab.rules.rule import Finding, rule
from initlab.trace import Pass, Trace


@rule("W063", "optimizer-noise", severity="error")
def optimizer_noise(trace: Trace, *, epsilon: float = 1e-8, times: float = 10.0) -> Iterator[Finding]:
    """The gradient of a matrix is so small that Adam's ε shrinks its steps.

    Adam divides by √v + ε. Where the root mean square g of a gradient is below ε the step is g/ε of what it should be,
    whatever the learning rate: an error. Below 10 ε it is a warning. A third of the matrices must be so: one branch
    that lags is made up for by the others. The largest g of the passes counts, made up for the fall of the loss, over
    the entries that are not zero, so that zero gates and tables with few rows looked up are no matter; nor is what
    grows threefold over the virtual steps, behind a gate that opens. State `epsilon` if yours is another; plain
    gradient descent has none, and the rule is then to be ignored.

    ## Limit
    √(mean (∂L/∂w)²) >= times · epsilon

    ## Example
    model = nn.Sequential(nn.Linear(32, 64), nn.Tanh(), nn.Linear(64, 4))
    with torch.no_grad():
        model[2].weight.mul_(1e-9)
    loss = lambda output, target: nn.functional.cross_entropy(output, target) * 1e-7
    batch = torch.randn(32, 32), torch.randint(4, (32,))

    ## Use instead
    model = nn.Sequential(nn.Linear(32, 64), nn.Tanh(), nn.Linear(64, 4))

    ## References
    Kingma, Ba, Adam, ICLR 2015, arXiv:1412.6980, algorithm 1: the step is m/(√v + ε).
    """
    idle = {weight.name for weight in redundant_biases(trace)} | before_scores(trace)
    fallen = [(each.gradients, _fallen(trace, each)) for each in trace.passes]
    small, asked = [], 0
    for weight in trace.trained():
        found = [(gradients[weight.name], up) for gradients, up in fallen if weight.name in gradients]
        if not weight.matrix or weight.name in idle or not found:
            continue
        asked += 1
        sizes = [each.norm * up / math.sqrt(max(1.0, each.filled * weight.size)) for each, up in found]
        if 0 < max(sizes) < times * epsilon and sizes[-1] < OPENS * sizes[0]:
            small.append((max(sizes), weight))
    if small and 3 * len(small) >= asked:
        rms, weight = min(small, key=lambda each: each[0])
        suspect = culprit(trace, "small")
        live, remedy = everywhere(trace)
        blamed = (suspect.weight.name,) if suspect else tuple(scale.weight.name for scale in live)
        yield Finding(
            severity="error" if rms < epsilon else "warning",
            path=suspect.weight.name if suspect else weight.name,
            measured=rms,
            limit=times * epsilon,
            formula=f"rms gradient >= {times:g} ε, ε = {epsilon:g} of Adam",
            cause=f"The gradient of {weight.name} is {rms:.2g}: Adam makes steps of {rms / (rms + epsilon):.2g} of its "
            "learning rate.",
            remedy=redrawn(trace, [suspect.weight], "Raise the gain of its layer, or lower eps.")
            if suspect
            else remedy,
            weights=blamed,
        )


def _fallen(trace: Trace, each: Pass) -> float:
    """How many times the loss has fallen by that pass: a batch that is fitted has small gradients, and no fault."""
    return max(1.0, abs(trace.first.loss / each.loss)) if each.loss and math.isfinite(each.loss) else 1.0
