"""How often each half was scored, with which thresholds: held-out, fresh, late and last are to be asked once."""

import json
from pathlib import Path

from benchmarks.initfaults.net import Half

PATH = Path(__file__).with_name("ledger.json")


def entries(half: Half) -> list[str]:
    """The digests of the thresholds that were scored on a half, in order, with the commit where it was noted."""
    known = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    return list(known.get(half, []))


def note(half: Half, scored: str) -> int:
    """Write one more scoring down, and say how many that makes."""
    known = {name: entries(name) for name in ("dev", "held-out", "fresh", "late", "last")}
    known[half].append(scored)
    PATH.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return len(known[half])
