"""W050, W051 and W052: the loss against chance."""

import math
from collections.abc import Iterator

from initlab.laws import Constant
from initlab.rules import fed
from initlab.rules.evidence import biases_of, culprit, matrix_of, overall, redraw
from initlab.rules.rule import Edit, Finding, NotApplicable, Remedy, rule
from initlab.trace import Op, Output, Trace, Weight

SURE = 3.0
"""Standard errors that a loss must be away from its limit."""

HALF = 0.5
"""The part of a squared error from which its offset is told."""

COUNTED = 8
"""Fewer targets have no mean to speak of."""


def _output(trace: Trace) -> Output:
    if trace.output is None or trace.output.chance is None:
        raise NotApplicable("the loss has no known chance level")
    return trace.output


def _head(trace: Trace) -> Op | None:
    return next((op for op in reversed(trace.first.ops) if op.head), None)


@rule("W050", "loss-above-chance", severity="error")
def loss_above_chance(trace: Trace, *, times: float = 3.0, variances: float = 50.0) -> Iterator[Finding]:
    """The first loss is far above that of a predictor that knows nothing.

    With logits of standard deviation s the loss is ln K + s²/2, until at s = √(2 ln K) the softmax condenses on a few
    classes (the random energy model), where it is 2 ln K: from there on the network is sure, and wrong. Libraries draw
    heads that reach that from one seed in five, and train; the limit is half as much again, by three standard errors of
    its logarithm. The model wants many classes: of fewer than ten it is 3 ln 10.
    In a regression it is a mean squared error of 50 Var(y), of outputs (not targets) seven times as wide as the
    targets. Ten times beyond is an error. Label smoothing and weights leave chance at ln K. Logits that are cosines
    have the scale they are given on purpose.

    ## Limit
    L exp(-3 standard errors / L) <= times · max(ln K, ln 10);  in a regression L <= variances · Var(y)

    ## Example
    model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 10))
    nn.init.normal_(model[2].weight, std=10.0)

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 10))
    nn.init.normal_(model[2].weight, std=0.05)

    ## References
    Derrida, Random-energy model, Physical Review B 24, 1981: where exponentials of normal numbers condense.
    """
    output = _output(trace)
    chance = output.chance or 0.0
    limit = variances * chance if output.kind == "mse" else max(times * chance, times * math.log(10))
    if chance <= 0 or not math.isfinite(output.loss):
        raise NotApplicable("the targets do not vary, or the loss is not finite")
    head = _head(trace)
    if head is not None and any(trace.weight(name).directed for name in head.weights):
        raise NotApplicable("the logits are cosines, times a scale that is chosen")
    reach = (output.spread or 0.0) ** 2 + (output.bias_spread or 0.0) ** 2
    least = output.loss * math.exp(-SURE * output.error / output.loss) if output.loss > 0 else 0.0
    if least <= limit or (output.kind == "mse" and reach <= limit - chance):
        return
    path, remedy, told = _blame(trace, output)
    formula = f"{variances:g} Var(y)" if output.kind == "mse" else f"{times:g} ln K; at 2 ln K a softmax condenses"
    blamed = tuple(edit.weight for edit in remedy.edits)
    yield Finding(
        severity="error" if least > 10 * limit else "warning",
        path=path,
        measured=output.loss,
        limit=limit,
        formula=formula,
        cause=f"The loss is {output.loss:.4g} ± {output.error:.2g}, and chance is {chance:.4g}. {told}",
        remedy=remedy,
        weights=blamed,
    )


def _blame(trace: Trace, output: Output) -> tuple[str, Remedy, str]:
    """The weight that makes the output so wide, with the change that narrows it."""
    head = _head(trace)
    wide = output.spread or 0.0
    aim = 0.5 if output.kind != "mse" else math.sqrt(output.chance or 1.0)
    spread = f"The outputs have standard deviation {wide:.3g}."
    if head is not None:
        biases = [trace.weight(name) for name in head.weights if trace.weight(name).bias]
        loud = [bias for bias in biases if bias.norm / math.sqrt(bias.size) > 0.7 * wide]
        if loud:
            edit = Edit(weight=loud[0].name, law=Constant(value=0.0))
            return loud[0].name, Remedy(words="Set the bias to 0.", edits=(edit,)), f"{spread} Its bias makes them so."
    last = matrix_of(trace, head) if head is not None else None
    if (blared := _loud_biases(trace)) and output.kind != "mse":
        edits = tuple(Edit(weight=bias.name, law=Constant(value=0.0)) for bias in blared)
        told = f"{spread} The biases {blared[0].name} are as large as what they are added to."
        return blared[0].name, Remedy(words="Set the biases to 0.", edits=edits), told
    suspect = culprit(trace, "large")
    quiet = wide / fed.size_of_inputs(trace) < (math.sqrt(2 * math.log(10)) if output.kind != "mse" else 7 * aim)
    if quiet and (blamed := fed.inputs(trace, suspect)) is not None:
        return blamed[0], blamed[1], f"{spread} {blamed[2]}"
    if (remedy := overall(trace)) is not None:
        path = last.name if last is not None else remedy.edits[-1].weight
        return path, remedy, f"{spread} All layers are too large."
    if suspect is not None:
        told = f"{spread} {suspect.weight.name} multiplies the signal by {suspect.gain:.3g}."
        return suspect.weight.name, Remedy(words="Scale it down.", edits=(redraw(trace, suspect.weight),)), told
    if last is None:
        return "loss", Remedy(words="Scale the output down."), spread
    factor = aim / wide if wide > aim else 1.0
    words = f"Scale the last layer by {factor:.3g}: outputs of standard deviation {aim:.3g}."
    return last.name, Remedy(words=words, edits=(Edit(weight=last.name, factor=factor),)), spread


def _loud_biases(trace: Trace) -> list[Weight]:
    """Hidden biases of more than 3 that make most of what their layer puts out."""
    found = []
    for op in trace.first.ops:
        for bias in biases_of(trace, op) if op.kind == "linear" and not op.head else ():
            square = bias.norm**2 / bias.size
            if square > max(SURE**2, op.square / 2) and bias not in found:
                found.append(bias)
    return found


@rule("W051", "loss-below-chance", severity="warning")
def loss_below_chance(trace: Trace, *, share: float = 0.5) -> Iterator[Finding]:
    """The first loss is far below chance, though nothing was learned.

    A random network cannot know: below half of min(H(y), ln K), by three standard errors, the label is among the
    inputs, the loss is not the one that is meant, or the weights are trained.

    ## Limit
    L + 3 standard errors >= share · min(H(y), ln K)

    ## Example
    class Leak(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(10.0))

        def forward(self, x):
            return self.scale * x

    model = Leak()
    labels = torch.arange(64) % 4
    batch = nn.functional.one_hot(labels, 4).float(), labels

    ## Use instead
    model = nn.Linear(4, 4)
    labels = torch.arange(64) % 4
    batch = torch.randn(64, 4), labels

    ## References
    Gibbs' inequality: what does not depend on y has a cross-entropy of H(y) at least.
    """
    output = _output(trace)
    if output.kind == "mse" or output.entropy is None:
        raise NotApplicable("there are no classes")
    if output.samples < 8:
        raise NotApplicable("there are fewer than 8 labels")
    limit = share * min(output.entropy, output.chance or math.inf)
    if output.loss + SURE * output.error < limit:
        yield Finding(
            severity="warning",
            path="loss",
            measured=output.loss,
            limit=limit,
            formula=f"{share:g} min(H(y), ln K)",
            cause=f"The loss is {output.loss:.3g} before any training, and the labels alone have "
            f"{output.entropy:.3g} nats.",
            remedy=Remedy(words="Look for the label among the inputs, or for weights that are trained."),
        )


@rule("W052", "output-offset", severity="info")
def output_offset(trace: Trace, *, share: float = 0.1) -> Iterator[Finding]:
    """The right bias of the last layer alone would save a part of the loss.

    KL(frequencies, mean prediction) is what setting the bias to the log of the frequencies saves at once; training
    would spend its first steps on it. Told where it is more than a tenth of ln K, by three standard errors, and every
    class was seen ten times on average. Of a regression it is told where the distance of the outputs' mean from that
    of the targets makes half of the mean squared error.

    ## Limit
    KL(frequencies ‖ mean prediction) - 3 standard errors <= share · ln K;  in a regression L - Var(y) - Var(out) <= L/2

    ## Example
    model = nn.Linear(16, 4)
    labels = (torch.arange(256) % 16 == 0).long() * 3
    batch = torch.randn(256, 16), labels

    ## Use instead
    model = nn.Linear(16, 4)
    labels = torch.arange(256) % 4
    batch = torch.randn(256, 16), labels

    ## References
    Lin et al., Focal loss for dense object detection, ICCV 2017, arXiv:1708.02002, section 3.3, on the prior in the
    last bias.
    """
    output = _output(trace)
    if output.kind == "mse":
        yield from _far_targets(trace, output)
        return
    if output.offset is None:
        raise NotApplicable("too few labels were seen for the frequencies of the classes")
    limit = share * (output.chance or 0.0)
    if output.offset - SURE * output.offset_error > limit:
        yield Finding(
            severity="info",
            path=next(iter(_head_biases(trace)), "loss"),
            measured=output.offset,
            limit=limit,
            formula=f"{share:g} ln K",
            cause=f"The mean prediction is {output.offset:.2g} nats from the frequencies of the classes.",
            remedy=Remedy(words=f"Set the last bias to the log of the frequencies: it saves {output.offset:.2g} nats."),
        )


def _far_targets(trace: Trace, output: Output) -> Iterator[Finding]:
    """The mean of the targets as the last bias, where it is further from 0 than half of the loss, and the outputs."""
    mean, known = output.target or 0.0, (output.chance or 0.0) + (output.spread or 0.0) ** 2
    apart = min(output.loss - known, mean**2) / output.loss if output.loss > 0 else 0.0
    if output.samples >= COUNTED and HALF < apart < math.inf:
        bias = next(iter(_head_biases(trace)), "")
        edits = (Edit(weight=bias, law=Constant(value=mean)),) if bias else ()
        yield Finding(
            severity="info",
            path=bias or "targets",
            measured=apart,
            limit=HALF,
            formula="L - Var(y) - Var(outputs) <= L/2",
            cause=f"The targets have mean {mean:.3g}: {apart:.0%} of the loss is the distance of the outputs from it.",
            remedy=Remedy(words="Set the last bias to the mean of the targets, or take it off them.", edits=edits),
        )


def _head_biases(trace: Trace) -> Iterator[str]:
    head = _head(trace)
    return (name for name in (head.weights if head else ()) if trace.weight(name).bias)
