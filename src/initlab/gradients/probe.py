"""A network and a batch on which no mistake of the catalogue is invisible; and how many are, from other starts.

A gradient check sees a mistake only where it changes a number. With one example, zero weights, dead units, square
weights or no L2 term, many change none. The share that a start hides is counted by replaying the catalogue: each
mistake, in each line of the backward pass, either moves a gradient or does not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from initlab.errors import SpecError
from initlab.gradients.case import Array
from initlab.gradients.causes.cause import CAUSES, Attempt
from initlab.gradients.frames import Frame
from initlab.gradients.layers import layers_of
from initlab.gradients.reference import HEADS, Fit, Net, net_at, replay
from initlab.laws import Normal, Uniform
from initlab.network.architecture import Architecture
from initlab.parameters import Fan, Parameter
from initlab.schemes import choose
from initlab.streams import sample

LAM, KEEP = 0.7, 0.8
"""Far from simple ratios, so that no two mistakes return the same numbers."""

BIAS_STD = 0.3
DRAWS = 8
"""How many draws of the data and weights are tried."""

VISIBLE = 1e-9
"""A mistake is visible where it changes an entry by more than this share of the largest of its block."""

STARTS = ("zeros", "constant(1)", "normal(0.01)", "random(10)", "glorot_normal", "he_normal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A start, and the share of the catalogue's mistakes that no gradient check can see from there."""

    start: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Where to check a network: the batch, the parameters, and what other starts would hide.

    X is (features, m), Y (outputs, m), `masks` one a hidden layer, None where `keep` is 1. `visible` counts the
    mistakes that show here, of `mistakes` that show in some draw; `unseen` are the others. `alike` are those of
    different causes that return the same numbers here, and different ones in another draw.
    """

    architecture: Architecture
    m: int
    lam: float
    keep: float
    X: Array
    Y: Array
    masks: tuple[Array | None, ...]
    parameters: Mapping[str, Array]
    visible: int
    mistakes: int
    unseen: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]
    hidden: tuple[Hidden, ...]


def design(architecture: Architecture, *, lam: float = LAM, keep: float = KEEP, seed: int = 0) -> Probe:
    """Choose the batch and the start of a network so that every mistake of the catalogue shows.

    m is the smallest odd prime from 5 that is no width; of 8 draws of data and weights, the one is taken in which the
    most mistakes show and are told apart. Raises SpecError for a lam or keep out of bounds.

    >>> probe = design(Architecture(widths=(4, 5, 3, 1)))
    >>> probe.m, probe.visible / probe.mistakes > 0.99
    (7, True)
    """
    if not (np.isfinite(lam) and lam >= 0 and 0 < keep <= 1):
        raise SpecError(f"lam must be >= 0 and keep in (0, 1], got {lam} and {keep}.")
    m = batch_size(architecture.widths)
    trials = [_trial(architecture, m, lam=lam, keep=keep, seed=seed, draw=draw) for draw in range(DRAWS)]
    prints = [fingerprints(net) for net, _, _ in trials]
    everything = frozenset().union(*prints)
    pairs = [twins(each) for each in prints]
    alike = [
        frozenset(pair for pair in pairs[k] if any(_told_apart(pair, prints[j], pairs[j]) for j in range(DRAWS)))
        for k in range(DRAWS)
    ]
    best = max(range(DRAWS), key=lambda k: (len(prints[k]) - len(alike[k]), _balance(trials[k][0])))
    _, frame, theta = trials[best]
    return Probe(
        architecture=architecture,
        m=m,
        lam=lam,
        keep=keep,
        X=frame.X,
        Y=frame.Y,
        masks=tuple(_binary(frame.masks.get(layer)) for layer in range(1, architecture.depth)),
        parameters=theta,
        visible=len(prints[best]),
        mistakes=len(everything),
        unseen=tuple(sorted(everything - prints[best].keys())),
        alike=tuple(sorted(alike[best])),
        hidden=tuple(_hidden(architecture, frame, theta, everything, lam=lam, keep=keep, seed=seed)),
    )


def batch_size(widths: tuple[int, ...]) -> int:
    """The smallest odd prime from 5 that is no width: a factor m is then none of the other numbers around.

    >>> batch_size((4, 5, 3, 1))
    7
    """
    return next(m for m in range(5, 10_000, 2) if m not in widths and all(m % d for d in range(3, int(m**0.5) + 1, 2)))


def fingerprints(net: Net) -> dict[str, Array]:
    """What each mistake of the catalogue adds to the gradients, as shares of the largest entry of each block; those
    that add something, by cause, line and words.
    """
    right = replay(net, {})
    gradients = right.gradients()
    attempt = Attempt(net=net, seen=right, returned=gradients)
    found = {}
    with np.errstate(all="ignore"):
        for entry in CAUSES.values():
            for variant in entry.lines(attempt) if entry.lines else ():
                wrong = replay(net, {variant.line: variant.edit}).gradients()
                added = np.concatenate([_added(wrong[name], gradients[name]) for name in gradients])
                if np.isfinite(added).all() and np.abs(added).max() > VISIBLE:
                    found[f"{entry.name} {''.join(map(str, variant.line))}: {variant.text}"] = added
    return found


def twins(prints: Mapping[str, Array]) -> frozenset[tuple[str, str]]:
    """The pairs of mistakes, of different causes, that return the same numbers."""
    names = list(prints)
    rows = np.array([prints[name] for name in names])
    sizes = np.abs(rows).max(axis=1, initial=0.0)
    found = set()
    for i, name in enumerate(names):
        same = np.abs(rows[i + 1 :] - rows[i]).max(axis=1) <= VISIBLE * max(1.0, sizes[i])
        found |= {(name, names[i + 1 + j]) for j in np.flatnonzero(same)}
    return frozenset(pair for pair in found if pair[0].split()[0] != pair[1].split()[0])


def _told_apart(pair: tuple[str, str], prints: Mapping[str, Array], same: frozenset[tuple[str, str]]) -> bool:
    return pair[0] in prints and pair[1] in prints and pair not in same


def _added(wrong: Array, right: Array) -> Array:
    return np.ravel((wrong - right) / max(np.abs(right).max(), 1e-300))


def _trial(
    architecture: Architecture, m: int, *, lam: float, keep: float, seed: int, draw: int
) -> tuple[Net, Frame, dict[str, Array]]:
    scheme = "he_normal" if "relu" in architecture.activation else "glorot_normal"
    theta = parameters(architecture, scheme, seed=seed, draw=draw, bias_std=BIAS_STD)
    X = _normal(f"probe {draw} X", (architecture.widths[0], m), seed)
    frame = Frame(
        layers=layers_of(theta),
        X=X,
        Y=_targets(architecture, m, seed, draw),
        masks=_masks(architecture, m, keep, seed, draw),
        rows=False,
    )
    return _net(architecture, frame, theta, lam=lam, keep=keep), frame, theta


def _net(architecture: Architecture, frame: Frame, theta: Mapping[str, Array], *, lam: float, keep: float) -> Net:
    head = next(each for each in HEADS if each.name == architecture.head)
    m = frame.X.shape[1]
    return net_at(frame, theta, architecture.activation, head, fit=Fit(c=1 / m, r=lam / m), lam=lam, keep=keep)


def parameters(
    architecture: Architecture, scheme: str, *, seed: int, draw: int = 0, bias_std: float = 0.0
) -> dict[str, Array]:
    """W1, b1, ... drawn from a scheme, with normal biases."""
    choice = choose(scheme)
    theta: dict[str, Array] = {}
    for layer, (k, n) in enumerate(zip(architecture.widths, architecture.widths[1:], strict=False), 1):
        facts = Parameter(name=f"W{layer}", shape=(n, k), fan=Fan.dense(k, n), activation=architecture.activation)
        theta[f"W{layer}"] = sample(choice.law(facts), name=f"probe {draw} W{layer}", seed=seed, shape=(n, k))
        theta[f"b{layer}"] = bias_std * _normal(f"probe {draw} b{layer}", (n, 1), seed)
    return theta


def _targets(architecture: Architecture, m: int, seed: int, draw: int) -> Array:
    """Both labels for a sigmoid, every class for a softmax as far as m reaches, normal numbers for a regression."""
    outputs = architecture.widths[-1]
    if architecture.head == "linear":
        return _normal(f"probe {draw} Y", (outputs, m), seed)
    classes = max(2, outputs)
    labels = np.argsort(sample(Uniform(bound=1.0), name=f"probe {draw} Y", seed=seed, shape=(m,))) % classes
    return np.asarray(1.0 * (labels % 2)[np.newaxis] if outputs == 1 else np.eye(outputs)[:, labels])


def _masks(architecture: Architecture, m: int, keep: float, seed: int, draw: int) -> dict[int, Array | None]:
    if keep == 1:
        return {}
    return {
        layer: (sample(Uniform(bound=0.5), name=f"probe {draw} D{layer}", seed=seed, shape=(n, m)) < keep - 0.5) / keep
        for layer, n in enumerate(architecture.widths[1:-1], 1)
    }


def _binary(mask: Array | None) -> Array | None:
    return None if mask is None else 1.0 * (mask > 0)


def _balance(net: Net) -> int:
    """Hidden units that are on for one example and off for another."""
    on = [net.Z[layer] > 0 for layer in range(1, net.depth)]
    return sum(int(np.sum(each.any(axis=1) & ~each.all(axis=1))) for each in on)


def _hidden(
    architecture: Architecture,
    frame: Frame,
    theta: Mapping[str, Array],
    everything: frozenset[str],
    *,
    lam: float,
    keep: float,
    seed: int,
) -> Iterator[Hidden]:
    """What would hide mistakes: other initializations, one example, and the usual advice of switching things off."""

    def share(net: Net) -> float:
        return 1 - len(fingerprints(net).keys() & everything) / max(1, len(everything))

    for start in STARTS:
        drawn = parameters(architecture, start, seed=seed)
        yield Hidden(start=start, share=share(_net(architecture, frame, drawn, lam=lam, keep=keep)))
    single = Frame(
        layers=frame.layers,
        X=frame.X[:, :1],
        Y=frame.Y[:, :1],
        masks={layer: None if mask is None else mask[:, :1] for layer, mask in frame.masks.items()},
        rows=False,
    )
    yield Hidden(start="one example", share=share(_net(architecture, single, theta, lam=lam, keep=keep)))
    plain = Frame(layers=frame.layers, X=frame.X, Y=frame.Y, masks={}, rows=False)
    yield Hidden(start="no L2 term, no dropout", share=share(_net(architecture, plain, theta, lam=0.0, keep=1.0)))


def _normal(name: str, shape: tuple[int, ...], seed: int) -> Array:
    return sample(Normal(std=1.0), name=name, seed=seed, shape=shape)
