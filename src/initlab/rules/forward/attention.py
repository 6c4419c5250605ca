"""W080: attention that looks at one place."""

import math
from collections.abc import Iterator

from initlab.rules.evidence import culprit, overall, redraw
from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Trace


@rule("W080", "attention-condensed", severity="warning")
def attention_condensed(trace: Trace, *, times: float = 8.0) -> Iterator[Finding]:
    """The scores of attention are so wide that each query looks at one key, whichever it is.

    A softmax over T normal scores of standard deviation s condenses on a few of them at s₀ = √(2 ln T) (the random
    energy model): its entropy no longer grows with T. Beyond, Σp² = 1 - s₀/s on average; at s = 8 s₀, the limit, seven
    eighths of the weight are on one key, and hardly a gradient moves it. s is that of the median query, so that heads
    with a steep bias of positions (ALiBi) do not decide. Scores of exactly 0 are a zero query on purpose (μP).

    ## Limit
    std of the median query's scores <= times · √(2 ln T), T keys

    ## Example
    class Attention(nn.Module):
        def __init__(self, std):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(32, 32) for _ in range(3))
            self.head = nn.Linear(32, 4)
            for layer in (self.q, self.k):
                nn.init.normal_(layer.weight, std=std)

        def forward(self, x):
            return self.head(nn.functional.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x)).mean(1))

    model = Attention(5.0)
    batch = torch.randn(16, 12, 32)

    ## Use instead
    class Attention(nn.Module):
        def __init__(self, std):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(32, 32) for _ in range(3))
            self.head = nn.Linear(32, 4)
            for layer in (self.q, self.k):
                nn.init.normal_(layer.weight, std=std)

        def forward(self, x):
            return self.head(nn.functional.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x)).mean(1))

    model = Attention(32**-0.5)
    batch = torch.randn(16, 12, 32)

    ## References
    Derrida, Random-energy model, Physical Review B 24, 1981; Yang et al., Tensor Programs V, 2022, arXiv:2203.03466, on
    scores of size 1/d.
    """
    found = [op for op in trace.first.ops if op.scores is not None and (op.keys or 0) >= 4]
    if not found:
        raise NotApplicable("there is no attention")
    for op in found:
        limit = times * math.sqrt(2 * math.log(op.keys or 2))
        if op.scores is not None and op.scores > limit:
            yield _finding(trace, op, op.scores, limit)


def _finding(trace: Trace, op: Op, measured: float, limit: float) -> Finding:
    feeding = [trace.first.ops[place] for place in op.inputs]
    while feeding and not any(each.weights for each in feeding):
        feeding = [trace.first.ops[place] for each in feeding for place in each.inputs]
    names = tuple(name for each in feeding for name in each.weights if not trace.weight(name).bias)
    suspect = culprit(trace, "large", names)
    blamed = (suspect.weight.name,) if suspect else names[:2]
    return Finding(
        severity="error" if measured > 10 * limit else "warning",
        path=blamed[0] if blamed else op.name,
        measured=measured,
        limit=limit,
        formula=f"8√(2 ln T), T = {op.keys} keys: there seven eighths of a softmax are on one key",
        cause=f"The scores of {op.name} have standard deviation {measured:.3g}: each query looks at one key.",
        remedy=overall(trace)
        or Remedy(
            words="Scale the queries down, or divide the scores by √d.",
            edits=tuple(redraw(trace, trace.weight(name)) for name in blamed),
        ),
        weights=blamed,
    )
