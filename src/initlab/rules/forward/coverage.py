"""W090: what the check did not see."""

from collections.abc import Iterator

from initlab.rules.rule import Finding, Remedy, rule
from initlab.trace import Trace


@rule("W090", "coverage", severity="info")
def coverage(trace: Trace) -> Iterator[Finding]:
    """Some trainable weights have no gradient on record, an operation is not understood, or noise is drawn.

    What is not seen is not cleared: a rule that passes speaks for what the trace covers. The share is of the numbers in
    trainable weights. Dropout is off, and so is a mask that drops by hand; other noise, generators of NumPy and Python
    among it, is drawn, the same in each pass.

    ## Limit
    numbers followed from use to gradient = all trainable numbers

    ## Example
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.head = nn.Parameter(torch.randn(8, 8)), nn.Linear(8, 4)

        def forward(self, x):
            return self.head(torch.cdist(x, self.weight))

    model = Odd()
    batch = torch.randn(32, 8)

    ## Use instead
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    ## References
    Exact: a count of numbers.
    """
    total = sum(weight.size for weight in trace.trained())
    seen = sum(weight.size for weight in trace.trained() if weight.name in trace.first.gradients and weight.used)
    unread = [weight for weight in trace.trained() if weight.name in trace.first.gradients and not weight.used]
    if seen < total or trace.unseen or trace.noise:
        share = seen / total
        words = f"{share:.1%} of the numbers in trainable weights were followed from use to gradient."
        if trace.unseen:
            words += f" Functions that read a weight and are not understood: {', '.join(trace.unseen[:5])}."
        if trace.noise:
            words += f" Noise that is not taken away, but drawn alike in each pass: {', '.join(trace.noise[:5])}."
        yield Finding(
            severity="info",
            path=unread[0].name if unread else "model",
            measured=share,
            limit=1.0,
            formula="every trainable number is seen",
            cause=words,
            remedy=Remedy(words="Read what passed as said of the rest."),
        )
