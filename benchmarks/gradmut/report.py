"""The answers as tables in Markdown."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.gradmut import score
from benchmarks.gradmut.baselines import RULES
from benchmarks.gradmut.score import Answers, Record, Share, share

BUGS = ("mutant", "held-out", "unseen", "pair", "sparse")
UNSEEN = {"held-out": "held-out, first set", "unseen": "held-out, after the catalogue was closed"}
SPARSE_RULES = ("course", "scipy", "torch fast", "torch slow")

ASKED = 200
"""So many forward evaluations are asked for at most."""

LISTED = 30
"""So many misses are listed; the rest is counted."""


def text(records: Sequence[Record]) -> str:
    """The whole report."""
    answers = Answers(records=records)
    parts = (summary, regimes, other_rules, confusion, sizes, misses)
    return "\n\n".join(part(answers) for part in parts)


def percent(part: Share) -> str:
    """99.4 % (7,460 of 7,500), and no more digits than the count supports."""
    hits, total = part
    return f"{100 * hits / total:.2f} % ({hits:,} of {total:,})" if total else "not run"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(answers: Answers) -> str:
    """The figures that were asked for."""
    bugs, single = answers.of("mutant", "pair"), answers.single_bugs()
    everything = answers.of(*BUGS)
    found = [record for record in single if score.found_wrong(record)]
    mlp = [record for record in found if record["family"] == "mlp" and score.can_be_named(record)]
    layers = [record for record in found if record["family"] != "mlp" and score.can_be_named(record)]
    correct = answers.of("correct")
    hidden = list(score.hidden_blocks(answers.of("correct", "vacuous")))
    rows = [
        ("detection, float64, further off than the printed resolution", _seen(everything, single=False)),
        ("detection, float32, further off than the printed resolution", _seen(everything, single=True)),
        ("detection, all mutants and pairs, float64", percent(share(_of(bugs, single=False), score.found_wrong))),
        ("detection, all mutants, float32", percent(share(_of(bugs, single=True), score.found_wrong))),
        ("false alarms on correct networks", percent(share(correct, score.alarmed))),
        ("correct networks with an UNRESOLVED block", percent(share(correct, _unresolved))),
        ("right blocks called wrong, cases", percent(share(everything, score.accused))),
        ("site right, perceptrons", percent(share([r for r in found if r["family"] == "mlp"], score.placed))),
        (
            "site right, other programs: none but wrong blocks named",
            percent(share([r for r in found if r["family"] != "mlp"], score.placed)),
        ),
        ("cause named, perceptrons, of the catalogue", percent(share(mlp, score.named_right))),
        ("misnamed, perceptrons", percent(share([r for r in found if r["family"] == "mlp"], score.misnamed))),
        ("cause named, other programs, of the catalogue", percent(share(layers, score.named_right))),
        ("misnamed, other programs", percent(share([r for r in found if r["family"] != "mlp"], score.misnamed))),
        *[row for kind in UNSEEN for row in _unseen(answers, kind)],
        ("two at once: found", percent(share(answers.of("pair"), score.found_wrong))),
        ("harness bugs caught", percent(share(answers.of("harness"), score.gates_caught))),
        ("real cases", percent(share(answers.of("real"), score.real_as_expected))),
        ("vacuous blocks reported", percent((sum(v == "VACUOUS" for *_, v in hidden), len(hidden)))),
        ("forward evaluations, correct networks of up to 8 blocks: median, most", _evaluations(correct)),
        ("of these, above 200", percent(share(_small(correct), lambda r: r["evaluations"] > ASKED))),
        (
            "above 200 of wrong ones, before the mistake is looked for",
            percent(share(_small(bugs), _dear)),
        ),
        ("blocks with more tested than nonzero", str(len(score.overclaimed(correct)))),
        ("mutants that return the true gradient, left out", f"{answers.unchanged():,}"),
        ("cases", f"{len({record['name'] for record in answers.records}):,}"),
    ]
    return "## Figures\n\n" + table(("figure", "here"), rows)


def _small(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if 0 < len(record["blocks"]) <= 8 and "evaluations" in record]


def _dear(record: Record) -> bool:
    return bool(record["screening"] > ASKED)


def _evaluations(correct: Iterable[Record]) -> str:
    counts = [record["evaluations"] for record in _small(correct)]
    return f"{median(counts):.0f}, {max(counts)}" if counts else "not run"


def _unseen(answers: Answers, kind: str) -> list[tuple[str, str]]:
    """How held-out mistakes fared."""
    found = [record for record in answers.of(kind) if score.found_wrong(record)]
    return [
        (f"{UNSEEN[kind]}: found", percent(share(answers.of(kind), score.found_wrong))),
        (f"{UNSEEN[kind]}: unknown, not a wrong name", percent(share(found, lambda r: not score.misnamed(r)))),
        (f"{UNSEEN[kind]}: site right", percent(share(found, score.placed))),
    ]


def _of(records: Iterable[Record], *, single: bool) -> list[Record]:
    return [record for record in records if record["single"] == single]


def _seen(records: Iterable[Record], *, single: bool) -> str:
    visible = [record for record in _of(records, single=single) if score.could_be_seen(record)]
    return percent(share(visible, score.found_wrong))


def _unresolved(record: Record) -> bool:
    return any(block["verdict"] == "UNRESOLVED" for block in record["blocks"].values())


def regimes(answers: Answers) -> str:
    """A row a regime."""
    rows = []
    for regime in dict.fromkeys(record["regime"] for record in answers.single_bugs()):
        bugs = [record for record in answers.single_bugs() if record["regime"] == regime]
        found = [record for record in bugs if score.found_wrong(record)]
        known = [record for record in found if score.can_be_named(record)]
        columns = (
            (bugs, score.found_wrong),
            (found, score.placed),
            (known, score.named_right),
            (found, score.misnamed),
        )
        evaluations = median(record["screening"] for record in bugs if "screening" in record)
        seconds = median(record["seconds"] for record in bugs)
        cells = [short(share(records, holds)) for records, holds in columns]
        rows.append((regime, str(len(bugs)), *cells, f"{evaluations:.0f}", f"{1000 * seconds:.0f}"))
    head = ("regime", "mutants", "found", "site", "named", "misnamed", "evaluations", "ms")
    return "## By regime\n\n" + table(head, rows)


def short(part: Share) -> str:
    """99.4, in percent."""
    return f"{100 * part[0] / part[1]:.1f}" if part[1] else "-"


def other_rules(answers: Answers) -> str:
    """What the rules of others reject, of the cases that they were run on."""
    names = ("initlab", *RULES)
    groups = list(dict.fromkeys(record["regime"] for record in answers.single_bugs()))
    rows = []
    for regime in groups:
        cells = [_rejected(answers, rule, regime) for rule in names]
        rows.append((regime, *cells))
    alarms = [_alarms(answers, rule) for rule in names]
    rows += [
        ("all mutants", *[_rejected(answers, rule, None) for rule in names]),
        ("false alarms, float64", *[each[0] for each in alarms]),
        ("false alarms, float32", *[each[1] for each in alarms]),
        ("ms a case, median", *[_milliseconds(answers, rule) for rule in names]),
        ("cases", *[f"{len(answers.of(*BUGS, 'correct', rule=rule)):,}" for rule in names]),
    ]
    return "## Beside other rules\n\nMutants rejected, in percent.\n\n" + table(("regime", *names), rows)


def _rejected(answers: Answers, rule: str, regime: str | None) -> str:
    records = [each for each in answers.of("mutant", rule=rule) if regime in (None, each["regime"])]
    return short(share(records, lambda record: record["rejected"]))


def _alarms(answers: Answers, rule: str) -> tuple[str, str]:
    correct = answers.of("correct", rule=rule)
    counts = [share(_of(correct, single=single), lambda record: record["rejected"]) for single in (False, True)]
    return f"{counts[0][0]}/{counts[0][1]}", f"{counts[1][0]}/{counts[1][1]}"


def _milliseconds(answers: Answers, rule: str) -> str:
    records = answers.of("mutant", rule=rule)
    return f"{1000 * median(record['seconds'] for record in records):.0f}" if records else "-"


def confusion(answers: Answers) -> str:
    """The kinds of mistakes, and the names that they were given."""
    rows = []
    for kind, counts in sorted(answers.confusion().items()):
        given = ", ".join(f"{name} {count}" for name, count in counts.most_common(6))
        rows.append((kind, str(sum(counts.values())), given))
    return "## Causes: what was planted, what was said\n\n" + table(("planted", "found", "named"), rows)


def sizes(answers: Answers) -> str:
    """Sparse bugs by size."""
    rows = []
    for k in range(1, 9):
        size = f"{10.0**-k:.0e}"
        records = _sized(answers, "initlab", size)
        visible = [each for each in records if score.could_be_seen(each)]
        others = [short(share(_sized(answers, rule, size), lambda r: r["rejected"])) for rule in SPARSE_RULES]
        rows.append((size, short(share(records, score.found_wrong)), short(share(visible, score.found_wrong)), *others))
    head = ("off by, of the block's largest entry", "initlab", "of those above its resolution", *SPARSE_RULES)
    return "## One wrong entry or row\n\n" + table(head, rows)


def _sized(answers: Answers, rule: str, size: str) -> list[Record]:
    return [each for each in answers.of("sparse", rule=rule) if f" {size} " in each["name"]]


def misses(answers: Answers) -> str:
    """What went wrong, by name."""
    bugs = answers.of(*BUGS)
    found = [record for record in answers.single_bugs() if score.found_wrong(record)]
    unseen = [record for record in answers.of(*UNSEEN) if score.found_wrong(record)]
    correct = answers.of("correct")
    hidden = score.hidden_blocks(answers.of("correct", "vacuous"))
    silent = [r for r in bugs if score.could_be_seen(r) and not score.found_wrong(r)]
    missed = [r for r in bugs if not score.found_wrong(r) and r["kind"] != "sparse" and r not in silent]
    groups: list[tuple[str, list[str]]] = [
        ("Not found, although further off than the printed resolution", [_verdict(r) for r in silent]),
        ("Not found, below the printed resolution", [_verdict(r) for r in missed]),
        ("False alarms", [_verdict(r) for r in correct if score.alarmed(r)]),
        (
            "Right blocks called wrong",
            [f"{r['name']}: {', '.join(score.accused(r))}" for r in bugs if score.accused(r)],
        ),
        ("Harness bugs not caught", [_verdict(r) for r in answers.of("harness") if not score.gates_caught(r)]),
        ("Real cases", [_verdict(r) for r in answers.of("real") if not score.real_as_expected(r)]),
        ("Vacuous blocks not said to be", [f"{case} {block}: {v}" for case, block, v in hidden if v != "VACUOUS"]),
        ("More tested than nonzero", score.overclaimed(correct)),
        ("Misnamed", [_said(r) for r in (*found, *unseen) if score.misnamed(r)]),
        ("Wrong site", [_said(r) for r in (*found, *unseen) if not score.placed(r)]),
        ("Not named", [_said(r) for r in found if _unnamed(r)]),
    ]
    return "## Misses\n\n" + "\n\n".join(_listed(title, lines) for title, lines in groups if lines)


def _unnamed(record: Record) -> bool:
    return score.can_be_named(record) and not score.named_right(record) and not score.misnamed(record)


def _verdict(record: Record) -> str:
    """A case, the verdict on it, and for its wrong blocks how far off they are and what could not be seen."""
    blocks = record["blocks"]
    gaps = [
        f"{name} off by {gap:.0e} (resolution {_resolution(blocks.get(name, {}))})"
        for name, gap in record["wrong"].items()
    ]
    return f"{record['name']}: {record['verdict']} {record.get('error', '')} {', '.join(gaps[:2])}".rstrip()


def _resolution(block: Record) -> str:
    return "none" if block.get("resolution") is None else f"{block['resolution']:.0e}"


def _said(record: Record) -> str:
    """A case, where the mistake lies, and what was said of it."""
    said = "; ".join(f"{m['site']}: {m['text'] if m['cause'] else 'unknown'}" for m in record["mistakes"])
    return f"{record['name']} [{', '.join(record['sites'])}] {said or 'nothing'}"


def _listed(title: str, lines: list[str], limit: int = LISTED) -> str:
    more = [f"- and {len(lines) - limit} more"] if len(lines) > limit else []
    return "\n".join([f"### {title}: {len(lines)}\n", *[f"- {line}" for line in lines[:limit]], *more])
