"""Comparisons made by hand: an ordinary one, and the odd ones that every picture must survive."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from initlab.experiments.result import (
    Boundary,
    Comparison,
    Curve,
    DataFacts,
    Product,
    SchemeResult,
    Spread,
    Status,
    Trial,
)
from initlab.experiments.spec import Experiment
from initlab.laws import Constant, Normal
from initlab.trace import Layer, Signal

HOSTILE = '<script>alert("x")</script> $\\alpha_b$ & "é"'
LONG = "variance_scaling(scale=2.0, mode=fan_in)"


def spread(values: Sequence[float]) -> Spread:
    kept = [value for value in values if not math.isnan(value)] or [math.nan]
    return Spread(median=float(np.median(kept)), low=min(kept), high=max(kept))


def trace(widths: Sequence[int], std: float, factor: float, distinct: int | None = None) -> Signal:
    layers = tuple(
        Layer(
            name=f"layer {number}",
            units=units,
            forward_std=std * factor**number,
            backward_std=std * factor ** (len(widths) - number),
            distinct=units if distinct is None else distinct,
            dead=0,
        )
        for number, units in enumerate(widths, start=1)
    )
    return Signal(layers=layers, loss=std)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How one trial runs: from a loss to a loss, or to `loss_at_end` at the end."""

    start: float = 0.9
    end: float = 0.07
    factor: float = 0.9
    std: float = 1.0
    distinct: int | None = None
    status: Status = "learned"
    stops: int = 8
    accuracy: float = 0.98

    def trial(self, scheme: str, seed: int, widths: Sequence[int]) -> Trial:
        iteration = np.array([0, 1, 10, 100, 1000, 5000, 10000, 15000])[: self.stops]
        wobble = 1 + 0.1 * math.sin(seed + 1)
        share = np.linspace(0, 1, iteration.size)
        begin = self.start * wobble
        with np.errstate(all="ignore"):
            loss = begin * (1 - share) + self.end * wobble * share if self.end else begin * (1 - share)
        loss[-1] = self.end * wobble if math.isfinite(self.end) else self.end
        if not math.isfinite(self.end):
            loss[:-1] = begin * 2.0 ** np.arange(iteration.size - 1)
        distinct = np.array([[n if self.distinct is None else self.distinct for n in widths]] * iteration.size)
        if self.status == "diverged":
            distinct[-1] = -1
        after = math.nan if self.status == "diverged" else self.std
        return Trial(
            scheme=scheme,
            seed=seed,
            status=self.status,
            train_accuracy=self.accuracy,
            test_accuracy=self.accuracy - 0.02,
            final_loss=float(loss[-1]),
            test_loss=float(loss[-1]) * 1.2,
            curve=Curve(
                iteration=iteration,
                train_loss=loss,
                test_loss=loss * 1.2,
                train_accuracy=np.full(iteration.size, self.accuracy),
                test_accuracy=np.full(iteration.size, self.accuracy),
                distinct=distinct,
            ),
            start=trace(widths, self.std * wobble, self.factor, self.distinct),
            end=trace(widths, after, self.factor, self.distinct),
        )


ZEROS = Course(start=0.6931, end=0.6931, std=0.0, distinct=1, status="stalled", accuracy=0.5)
RANDOM = Course(start=1800.0, end=0.4, std=9.0, factor=12.0, accuracy=0.75)
DIVERGED = Course(start=50.0, end=math.inf, std=80.0, factor=30.0, status="diverged", stops=5, accuracy=0.5)
LOST = Course(start=3.0, end=math.nan, std=80.0, factor=1e60, status="diverged", stops=3, accuracy=0.5)


def entry(scheme: str, trials: tuple[Trial, ...]) -> SchemeResult:
    return SchemeResult(
        scheme=scheme,
        summary=f"What {scheme} does in one line.",
        formula="Var(w) = 2 / fan_in",
        laws={"W1": Normal(std=1.0), "b1": Constant(value=0.0), "W2": Normal(std=0.447), "b2": Constant(value=0.0)},
        trials=trials,
        train_accuracy=spread([trial.train_accuracy for trial in trials]),
        test_accuracy=spread([trial.test_accuracy for trial in trials]),
        final_loss=spread([trial.final_loss for trial in trials]),
        test_loss=spread([trial.test_loss for trial in trials]),
        diverged=sum(trial.status == "diverged" for trial in trials) / max(1, len(trials)),
        stalled=sum(trial.status == "stalled" for trial in trials) / max(1, len(trials)),
        verdict=f"The verdict on {scheme}.",
    )


def boundary(scheme: str, values: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Boundary:
    xs, ys = np.linspace(-1.3, 1.3, 41), np.linspace(-1.2, 1.2, 37)
    return Boundary(scheme=scheme, seed=0, xs=xs, ys=ys, values=values(xs[np.newaxis, :], ys[:, np.newaxis]))


def rings(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(20 * (np.hypot(x, y) - 0.9)))


def circles() -> DataFacts:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    return DataFacts(
        name="circles",
        features=2,
        train_examples=80,
        test_examples=20,
        classes=("outer", "inner"),
        chance_accuracy=0.5,
        chance_loss=math.log(2),
        points=np.vstack([ring, 0.8 * ring]),
        labels=np.repeat([0, 1], 40),
    )


def comparison(
    courses: dict[str, Sequence[Course]], *, widths: Sequence[int] = (10, 5, 1), data: DataFacts | None = None
) -> Comparison:
    """A comparison of these schemes, each with one trial per course."""
    schemes = tuple(
        entry(scheme, tuple(course.trial(scheme, seed, widths) for seed, course in enumerate(each)))
        for scheme, each in courses.items()
    )
    return Comparison(
        experiment=Experiment(layers=tuple(widths[:-1])),
        network="-".join(map(str, (2, *widths))),
        data=data or circles(),
        schemes=schemes,
        boundaries=tuple(boundary(scheme, rings) for scheme in courses),
        products=(),
        interrupted=False,
    )


def usual() -> Comparison:
    """The course's four schemes; he loses one seed of four."""
    he = [Course(), Course(), Course(), ZEROS]
    return comparison({"zeros": [ZEROS] * 4, "random": [RANDOM] * 4, "xavier": [Course(end=0.09)] * 4, "he": he})


def partly_lost() -> Comparison:
    return comparison(
        {"he": [Course(), Course(), DIVERGED], "random(100)": [DIVERGED, LOST, DIVERGED], "zeros": [ZEROS]}
    )


def regression() -> Comparison:
    nothing = Course(accuracy=math.nan)
    facts = replace(
        circles(), name="a line", classes=(), chance_accuracy=math.nan, chance_loss=1.0, labels=None, points=None
    )
    return replace(
        comparison({"he": [nothing] * 2, "zeros": [replace(ZEROS, accuracy=math.nan)]}, data=facts), boundaries=()
    )


def regression_of_two_features() -> Comparison:
    facts = replace(circles(), chance_accuracy=math.nan, chance_loss=0.125)
    plain = comparison({"he": [Course(accuracy=math.nan)]}, data=facts)
    return replace(plain, boundaries=(boundary("he", lambda x, y: x + y),))


def many_classes() -> Comparison:
    count = 14
    facts = replace(circles(), classes=tuple(f"_kind {n}" for n in range(count)), labels=np.arange(80) % count)
    plain = comparison({"he": [Course()], "zeros": [ZEROS]}, data=facts)
    return replace(plain, boundaries=(boundary("he", lambda x, y: np.floor((x + 1.3) * 5) + 0 * y),))


def no_finite_output() -> Comparison:
    plain = comparison({"he": [Course()], "random(1e9)": [LOST]})
    return replace(
        plain, boundaries=(boundary("he", rings), boundary("random(1e9)", lambda x, y: np.full((37, 41), np.nan)))
    )


def products() -> Comparison:
    factors = {"identity(1.5)": 1.5, "identity(0.5)": 0.5, "identity": 1.0, "normal(9)": 1e30, "zeros": 0.0}
    found = tuple(
        Product(
            scheme=scheme,
            factor=factor,
            predicted=factor**8,
            band=(factor**8 * 0.6, factor**8 * 1.4),
            measured=Spread(median=factor**8 * 1.1, low=factor**8, high=math.inf if factor > 9 else factor**8 * 1.2),
        )
        for scheme, factor in factors.items()
    )
    return replace(comparison({scheme: [Course()] * 2 for scheme in factors}, widths=(10,) * 9 + (1,)), products=found)


def interrupted() -> Comparison:
    plain = comparison({"he": [Course()], "xavier": []})
    return replace(plain, boundaries=(), interrupted=True)


ODD: dict[str, Callable[[], Comparison]] = {
    "usual": usual,
    "partly lost": partly_lost,
    "all lost": lambda: comparison({"normal(9)": [DIVERGED, LOST], "random(1e9)": [LOST]}),
    "one scheme, one seed": lambda: comparison({"he": [Course()]}),
    "one checkpoint, not finite": lambda: comparison({"he": [replace(LOST, stops=1)]}),
    "loss of exactly zero": lambda: comparison({"he": [Course(end=0.0)], "xavier": [Course(start=0.0, end=0.0)]}),
    "extreme numbers": lambda: comparison({"he": [Course(start=1e300, end=1e-320, std=1e-300, factor=1e-10)]}),
    "eight schemes": lambda: comparison(
        {LONG: [Course()], **{f"scheme_{n}(0.{n})": [Course(end=0.07 + 0.001 * n)] * 2 for n in range(7)}}
    ),
    "nine schemes": lambda: comparison({f"normal({n})": [Course(end=0.1 * n + 0.1)] for n in range(9)}),
    "forty layers": lambda: comparison({"he": [Course(factor=0.5)], "zeros": [ZEROS]}, widths=(64,) * 40 + (10,)),
    "no hidden layer": lambda: comparison({"he": [Course()]}, widths=(1,)),
    "regression": regression,
    "regression of two features": regression_of_two_features,
    "many classes": many_classes,
    "no finite output": no_finite_output,
    "products": products,
    "interrupted": interrupted,
    "nothing finished": lambda: replace(comparison({"he": []}), boundaries=(), interrupted=True),
    "hostile names": lambda: comparison(
        {HOSTILE: [Course()], "_hidden": [ZEROS]}, data=replace(circles(), name=HOSTILE, classes=(HOSTILE, "日本"))
    ),
}


@pytest.fixture(params=ODD)
def odd(request: pytest.FixtureRequest) -> Comparison:
    """Each of the odd comparisons in turn."""
    return ODD[request.param]()


@pytest.fixture
def made() -> Callable[[str], Comparison]:
    """One of the odd comparisons by name."""
    return lambda name: ODD[name]()
