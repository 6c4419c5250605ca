"""W074: recurrent weights that multiply the state by too much at every step."""

import math
from collections.abc import Iterator

from initlab.laws import Normal
from initlab.rules.rule import Edit, Finding, Remedy, rule
from initlab.trace import Trace, Weight

GATES = (1, 3, 4)
"""How many square blocks, one a gate, are stacked in the recurrent weights of an RNN, a GRU and an LSTM."""


@rule("W074", "recurrent-gain", severity="warning", needs="weights")
def recurrent_gain(trace: Trace, *, limit: float = 5.0) -> Iterator[Finding]:
    """The recurrent weights multiply the state by several times at every step.

    A square block of n units and root mean square w has the spectral radius g = √n w (the circular law). At g = 1 a
    network of tanh turns from forgetting to chaos; the largest gain in use is that of tanh, 5/3. Three times that, 5,
    is the limit: the state is then pressed against the ends of its gates, and a gradient through T steps grows or fades
    as g^T, whatever the weights that feed it. The blocks of the gates are taken together.

    ## Limit
    √n · rms(w) <= limit, n units

    ## Example
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.LSTM(8, 32, batch_first=True), nn.Linear(32, 4)
            nn.init.normal_(self.cell.weight_hh_l0)

        def forward(self, x):
            return self.head(self.cell(x)[0][:, -1])

    model = Net()
    batch = torch.randn(32, 10, 8)

    ## Use instead
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.LSTM(8, 32, batch_first=True), nn.Linear(32, 4)
            for gate in self.cell.weight_hh_l0.chunk(4):
                nn.init.orthogonal_(gate)

        def forward(self, x):
            return self.head(self.cell(x)[0][:, -1])

    model = Net()
    batch = torch.randn(32, 10, 8)

    ## References
    Sompolinsky, Crisanti, Sommers, Chaos in random neural networks, Physical Review Letters 61, 1988: chaos from g = 1.
    """
    for weight in trace.weights:
        if not _recurrent(trace, weight) or weight.finite < 1:
            continue
        units = weight.shape[1]
        gain = math.sqrt(units) * weight.norm / math.sqrt(weight.size)
        if gain > limit:
            yield Finding(
                severity="warning",
                path=weight.name,
                measured=gain,
                limit=limit,
                formula="√n w, three times the largest gain in use, 5/3",
                cause=f"{weight.name} multiplies the state by {gain:.3g} at every step; 1 would keep it.",
                remedy=Remedy(
                    words="Draw it with gain 1.", edits=(Edit(weight=weight.name, law=Normal(std=units**-0.5)),)
                ),
                weights=(weight.name,),
            )


def _recurrent(trace: Trace, weight: Weight) -> bool:
    """Whether it feeds a state back: square blocks of a recurrent layer, or torch's name for them in a file."""
    square = len(weight.shape) == 2 and any(weight.shape[0] == gates * weight.shape[1] for gates in GATES)
    named = "weight_hh" in weight.name.rpartition(".")[2]
    return square and named and (weight.kind == "recurrent" or not trace.passes)
