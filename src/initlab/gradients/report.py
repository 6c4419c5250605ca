"""What a gradient check found: plain data, from the verdict down to the line to change.

GradientReport
└── points      one PointReport for each place where it was checked (init, trained)
    ├── gates       what makes every verdict worthless: randomness, state
    ├── blocks      one BlockReport a parameter: verdict, resolution, tested of total, site, cause
    ├── mistakes    one Mistake a bug: its site, its name, the line to change
    ├── identities  what must hold without a difference, and whether it does
    └── notes       what else to know
"""

from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal[
    "PASS",
    "NON-SMOOTH",
    "VACUOUS",
    "UNRESOLVED",
    "WRONG",
    "STATEFUL",
    "NONDETERMINISTIC",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the best to the one that says least about the gradient: the whole has the last of those of its parts."""

EXIT_CODE: dict[Verdict, int] = {
    "PASS": 0,
    "NON-SMOOTH": 0,
    "WRONG": 1,
    "VACUOUS": 3,
    "UNRESOLVED": 3,
    "STATEFUL": 3,
    "NONDETERMINISTIC": 3,
}

MEANING: dict[Verdict, str] = {
    "PASS": "no error larger than the resolution",
    "NON-SMOOTH": "at a kink; the gradient lies between the slopes on both sides",
    "VACUOUS": "the gradient is zero here: nothing was tested",
    "UNRESOLVED": "an error below the resolution could not be seen",
    "WRONG": "not the gradient of the cost",
    "STATEFUL": "a call changes what the next one sees",
    "NONDETERMINISTIC": "two calls with the same parameters differ",
}


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a whole, from those of its parts.

    >>> worst(["PASS", "WRONG", "VACUOUS"])
    'WRONG'
    """
    return max(verdicts, key=VERDICTS.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One bug: `site` is a block or a line of the backward pass, `cause` the catalogue's name, None where unknown.

    `text` says it in words, `line` is the line to write instead, `others` are further readings that would return the
    very same numbers. `blocks` are those that it spoils.
    """

    site: str
    cause: str | None
    text: str
    line: str | None
    blocks: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a block: what was returned, and what differences of the cost say, with the error bar."""

    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReport:
    """One parameter. `resolution`: no error larger than this share of the gradient's norm, with a confidence of 99.9 %.

    `gap` is how far the returned gradient is from the measured one, as a share of the larger; `tested` counts the
    entries whose gradient is not zero. `law` has (h, |D(h) - a|) of the direction that was taken, `entries` what was
    measured one by one.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    resolution: float | None
    gap: float
    tested: int
    total: int
    site: str | None = None
    cause: str | None = None
    note: str = ""
    law: tuple[tuple[float, float], ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def worst(self) -> Entry | None:
        """The entry that is furthest off, of those measured."""
        return max(self.entries, key=lambda each: abs(each.analytic - each.numeric), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What must be mended before any gradient can be checked, and what was pinned to check it all the same."""

    verdict: Verdict
    text: str
    cause: str
    pinned: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An equation that holds between right gradients: `gap` is its residual as a share of its terms."""

    text: str
    where: str
    gap: float
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReport:
    """The check at one point. `noise` is that of the cost; `evaluations` counts its calls, `screening` those
    before a mistake was looked for.
    """

    point: str
    cost: float
    noise: float
    blocks: tuple[BlockReport, ...]
    gates: tuple[Gate, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    identities: tuple[Identity, ...] = ()
    notes: tuple[str, ...] = ()
    evaluations: int = 0
    screening: int = 0

    @property
    def verdict(self) -> Verdict:
        """The verdict of the point: that of its gates, where there are any, or the worst of its blocks."""
        if self.gates:
            return worst([gate.verdict for gate in self.gates])
        return worst([block.verdict for block in self.blocks])


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientReport:
    """A gradient check: its points, and the verdict over them."""

    points: tuple[PointReport, ...]
    seed: int
    subject: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the gates and blocks."""
        gates = [gate.verdict for point in self.points for gate in point.gates]
        return worst(gates or [block.verdict for block in self.blocks])

    @property
    def exit_code(self) -> int:
        """0 right, 1 wrong, 3 beyond telling, in part or as a whole."""
        return EXIT_CODE[self.verdict]

    @property
    def blocks(self) -> tuple[BlockReport, ...]:
        """The blocks, each as one point saw it: the one that found it wrong, or else the one that could tell most."""
        seen: dict[str, list[BlockReport]] = {}
        for point in self.points:
            for block in point.blocks:
                seen.setdefault(block.name, []).append(block)
        return tuple(_decisive(blocks) for blocks in seen.values())

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes of all points, each once."""
        return tuple({(m.site, m.cause, m.text): m for point in self.points for m in point.mistakes}.values())

    @property
    def tested(self) -> int:
        """The entries tested at one point at least."""
        return sum(
            max(b.tested for p in self.points for b in p.blocks if b.name == block.name) for block in self.blocks
        )

    @property
    def total(self) -> int:
        """All entries."""
        return sum(block.total for block in self.blocks)


def _decisive(blocks: list[BlockReport]) -> BlockReport:
    wrong = [block for block in blocks if block.verdict == "WRONG"]
    return wrong[0] if wrong else min(blocks, key=lambda block: VERDICTS.index(block.verdict))
