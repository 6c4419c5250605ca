"""What the answers are worth: detection, alarms, places, names."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gradmut.answers import GENERIC, nameable, places, right_names, site_is_right

Record = dict[str, Any]
Share = tuple[int, int]
"""(so many, of so many)."""

ALARMS = {"WRONG", "STATEFUL", "NONDETERMINISTIC", "ERROR"}


def share(records: Iterable[Record], holds: Any) -> Share:
    """How many of these records hold."""
    answers = [bool(holds(record)) for record in records]
    return sum(answers), len(answers)


def found_wrong(record: Record) -> bool:
    """Whether initlab says WRONG, of a block that is."""
    blocks = record["blocks"]
    return record["verdict"] == "WRONG" and any(
        name in record["wrong"] for name, block in blocks.items() if block["verdict"] == "WRONG"
    )


def could_be_seen(record: Record) -> bool:
    """Whether some wrong block is further off than the resolution printed for it, or was found."""
    blocks = record["blocks"]
    return found_wrong(record) or any(
        name in blocks and blocks[name]["resolution"] is not None and gap > blocks[name]["resolution"]
        for name, gap in record["wrong"].items()
    )


def accused(record: Record) -> list[str]:
    """Right blocks that initlab calls wrong."""
    blocks = record["blocks"].items()
    changed = {*record["wrong"], *record.get("touched", ())}
    return [name for name, block in blocks if block["verdict"] == "WRONG" and name not in changed]


def alarmed(record: Record) -> bool:
    """Whether initlab rejects what is right."""
    return record["verdict"] in ALARMS


def is_chain(record: Record) -> bool:
    """Whether the network is a chain of dense layers."""
    return record["family"] in ("mlp", "real")


def can_be_named(record: Record) -> bool:
    """Whether the catalogue has a name for what was planted."""
    return nameable(frozenset(record["causes"]), chain=is_chain(record), blocks=len(record["wrong"]))


def placed(record: Record) -> bool:
    """Whether every mistake that was named lies where one was made."""
    named = frozenset[str]().union(*(places(mistake["site"]) for mistake in record["mistakes"]))
    return site_is_right(named, frozenset(record["sites"]), list(record["wrong"]), chain=is_chain(record))


def names(record: Record) -> list[str]:
    """The names given, without those of unknown mistakes."""
    return [mistake["cause"] for mistake in record["mistakes"] if mistake["cause"] is not None]


def right_name(record: Record, mistake: dict[str, Any]) -> bool:
    """Whether a name is that of what was planted, or of what returns the same numbers: a = c n in its blocks."""
    if mistake["cause"] in right_names(frozenset(record["causes"])):
        return True
    ratios = [record["ratios"].get(name) for name in mistake["blocks"]]
    return mistake["cause"] in GENERIC and None not in ratios


def named_right(record: Record) -> bool:
    """Whether every mistake got a name, and the right one."""
    said = record["mistakes"]
    return bool(said) and all(each["cause"] is not None and right_name(record, each) for each in said)


def misnamed(record: Record) -> bool:
    """Whether a name was given that is not right."""
    return any(each["cause"] is not None and not right_name(record, each) for each in record["mistakes"])


def gates_caught(record: Record) -> bool:
    """Whether a harness bug got a verdict that it deserves."""
    return record["verdict"] in record["expected"]


def hidden_blocks(records: Iterable[Record]) -> Iterable[tuple[str, str, str]]:
    """(case, block, verdict) for the blocks whose gradient is zero, and returned as zero."""
    for record in records:
        for name, block in record["blocks"].items():
            if record["nonzero"][name] == 0 and name not in record["wrong"]:
                yield record["name"], name, block["verdict"]


def overclaimed(records: Iterable[Record]) -> list[str]:
    """Blocks of which more entries count as tested than are not zero."""
    return [
        f"{record['name']} {name}: {block['tested']} of {record['nonzero'][name]}"
        for record in records
        for name, block in record["blocks"].items()
        if name not in record["wrong"] and block["tested"] > record["nonzero"][name]
    ]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of one run, by rule and kind."""

    records: Sequence[Record]

    def of(self, *kinds: str, rule: str = "initlab", families: Sequence[str] = ()) -> list[Record]:
        """The answers of a rule to cases of these kinds."""
        return [
            record
            for record in self.records
            if record["rule"] == rule and record["kind"] in kinds and (not families or record["family"] in families)
        ]

    def unchanged(self) -> int:
        """Mutants that return the true gradient."""
        return sum(record["rule"] == "unchanged" for record in self.records)

    def single_bugs(self, *families: str) -> list[Record]:
        """Mutants with one mistake of a known kind."""
        return self.of("mutant", families=families)

    def confusion(self) -> dict[str, Counter[str]]:
        """For each kind of mistake, the names that were given to those found."""
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for record in self.single_bugs("mlp"):
            if found_wrong(record):
                kind = record["causes"][0] if len(record["causes"]) == 1 else " = ".join(map(str, record["causes"]))
                given = names(record)
                table[str(kind)][", ".join(sorted(set(given))) if given else "unknown"] += 1
        return dict(table)


def real_as_expected(record: Record) -> bool:
    """A real case: found where it is wrong, left alone where it is right."""
    return found_wrong(record) if record["wrong"] else record["verdict"] in record["expected"]
