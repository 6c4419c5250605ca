"""W053: a loss that takes logits is given probabilities."""

from collections.abc import Iterator

from initlab.rules.rule import Finding, NotApplicable, Remedy, rule
from initlab.trace import Trace


@rule("W053", "squashed-twice", severity="warning")
def squashed_twice(trace: Trace) -> Iterator[Finding]:
    """The loss applies a softmax or a sigmoid of its own to what is the result of one already.

    Exact. A loss of logits is given numbers between 0 and 1. Its own softmax then gives no class of K more than
    e/(e + K - 1), so that the loss of a network that is right and sure is still ln(1 + (K - 1)/e): 1.46 of ln 10 =
    2.30. Its own sigmoid gives nothing less than 1/2, and ln 2 is left of each label 0. Both shrink the gradient
    besides. Logarithms of probabilities are logits, and targets may be probabilities; of a JAX model that is seen where
    the loss is declared by its name.

    ## Limit
    the least loss that the outputs allow = 0

    ## Example
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4), nn.Softmax(dim=-1))
    batch = torch.randn(64, 16), torch.arange(64) % 4
    loss = nn.CrossEntropyLoss()

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    batch = torch.randn(64, 16), torch.arange(64) % 4
    loss = nn.CrossEntropyLoss()

    ## References
    Schoop, Huang, Hartmann, UMLAUT: Debugging deep learning programs using program structure and model behavior, CHI
    2021, doi:10.1145/3411764.3445538, on the mistake; the least loss is derived here.
    """
    if trace.output is None:
        raise NotApplicable("there is no loss")
    squash = trace.output.squash
    if squash is not None:
        yield Finding(
            severity="warning",
            path=squash.site,
            measured=squash.floor,
            limit=0.0,
            formula="the least loss that the outputs allow is 0",
            cause=f"The loss takes logits and is given the result of a {squash.function}: whatever is learned, "
            f"it stays above {squash.floor:.3g}.",
            remedy=Remedy(
                words=f"Take the {squash.function} off the output: the loss has its own.",
                code=f'model.set_submodule("{squash.module}", nn.Identity())' if squash.module else "",
            ),
        )
