"""The runs: each in a thread of its own, its frames kept in order, stopped on demand or when nobody looks."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

from initlab.api.compare import Comparison
from initlab.api.live import Watch
from initlab.errors import InitlabError, SpecError
from initlab.experiments.result import SchemeResult
from initlab.experiments.spec import Experiment
from initlab.lab import frames
from initlab.lab.bounds import check_work
from initlab.network.initialize import initialize, laws
from initlab.render import account

State = Literal["preparing", "running", "done", "stopped", "failed"]

MOST_RUNNING = 4
"""Runs in flight at once; a tab has one."""

MOST_KEPT = 12
"""Runs whose frames are kept, the latest used."""

PATIENCE = 15.0
"""Seconds that a run goes on without a reader."""


class BusyError(InitlabError):
    """Too many runs are in flight."""


class Run:
    """One live comparison: its frames so far, its state, and at the end its comparison.

    Frames are kept as the bytes that are sent: in full, and with the curves' numbers alone for a reader who lags.
    """

    def __init__(self, experiment: Experiment, *, threads: int | None, patient: bool = False) -> None:
        self.id = secrets.token_hex(8)
        self.key = key(experiment)
        self.stop = threading.Event()
        self.watch = Watch(experiment, threads=threads, stop=self.stop, progress=lambda _: self._look())
        check_work(self.watch.problem)
        _check_drawable(self.watch)
        self.state: State = "preparing"
        self.reason = ""
        self.full: list[bytes] = []
        self.light: list[bytes] = []
        self.forecasts: list[dict[str, Any]] = []
        self.comparison: Comparison | None = None
        self.readers = 0
        self._left, self._patient = time.monotonic(), patient
        self._wakers: set[Callable[[], None]] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "stopped", "failed")

    def start(self) -> None:
        """Run in a thread."""
        threading.Thread(target=self._run, name=f"run {self.id}", daemon=True).start()

    def _run(self) -> None:
        try:
            self.forecasts = [frames.forecast(found) for found in self.watch.forecasts()]
            classes = len(self.watch.problem.facts.classes)
            for moment in self.watch:
                self.state = "running"
                self.full.append(frames.encode(frames.frame(moment, classes=classes)))
                self.light.append(frames.encode(frames.frame(moment, classes=classes, details=False)))
                self._wake()
            self.comparison = self.watch.comparison()
            self.state = "stopped" if self.comparison.interrupted else "done"
        except Exception as error:  # told on the page, whatever it is
            self.state, self.reason = "failed", " ".join(str(error).split()) or type(error).__name__
        self._over.set()
        self._wake()

    def _look(self) -> None:
        """Stop when nobody has been looking for a while."""
        if not self._patient and not self.readers and time.monotonic() - self._left > PATIENCE:
            self.halt("Nobody was looking.")

    def halt(self, reason: str) -> None:
        """Stop within a few hundredths of a second; frames so far stay."""
        if not self.ended:
            self.reason = self.reason or reason
            self.stop.set()

    def settle(self, seconds: float) -> None:
        """Wait so long, at most, for the end."""
        self._over.wait(seconds)

    def listen(self, waker: Callable[[], None]) -> None:
        """Call `waker`, from the run's thread, whenever something is new."""
        with self._lock:
            self._wakers.add(waker)
            self.readers += 1

    def leave(self, waker: Callable[[], None]) -> None:
        """Stop calling it."""
        with self._lock:
            self._wakers.discard(waker)
            self.readers -= 1
            self._left = time.monotonic()

    def _wake(self) -> None:
        with self._lock:
            wakers = list(self._wakers)
        for waker in wakers:
            waker()

    def ending(self) -> dict[str, Any]:
        """How the run stands: its state, and once it has ended what each scheme showed."""
        found = self.comparison
        return {
            "id": self.id,
            "state": self.state,
            "reason": self.reason,
            "frames": len(self.full),
            "of": len(self.watch.steps),
            "lead": account.lead(found) if found and found.schemes else "",
            "verdicts": {entry.scheme: _verdict(entry) for entry in found.schemes} if found else {},
        }


def _verdict(entry: SchemeResult) -> dict[str, Any]:
    return {
        "words": entry.verdict,
        "seeds": len(entry.trials),
        "stalled": sum(trial.status == "stalled" for trial in entry.trials),
        "diverged": sum(trial.status == "diverged" for trial in entry.trials),
        "train_accuracy": frames.triple(entry.train_accuracy),
        "test_accuracy": frames.triple(entry.test_accuracy),
        "final_loss": frames.triple(entry.final_loss),
    }


def _check_drawable(watch: Watch) -> None:
    """Raises SpecError when a scheme cannot give a law, or cannot be drawn, for this network."""
    experiment = watch.experiment
    for choice in experiment.choices:
        laws(watch.problem.net, choice)
        if experiment.draws != "streams":
            initialize(watch.problem.net, choice, seed=experiment.seed, draws=experiment.draws)
    if experiment.draws != "streams" and experiment.seed + experiment.seeds > 2**32:
        raise SpecError(f"seed must be below 2³² for the course's draws, got {experiment.seed}. Take a smaller one.")


def key(experiment: Experiment) -> str:
    """What tells one experiment from another: all that decides its numbers."""
    return hashlib.sha256(experiment.model_dump_json(exclude={"title", "about"}).encode()).hexdigest()


class Runs:
    """All runs of a server, the latest used kept."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._threads = threads
        self._lock = threading.Lock()

    def start(self, experiment: Experiment, *, fresh: bool = False, patient: bool = False) -> Run:
        """Start a run, or give the one of the same experiment that is there already, unless a `fresh` one is wanted.

        Raises BusyError when too many are in flight, UsageError for what cannot be run.
        """
        with self._lock:
            same = None if fresh else self._find(experiment)
            if same:
                return same
            self._refuse_when_busy()
        run = Run(experiment, threads=self._threads, patient=patient)
        with self._lock:
            self._refuse_when_busy()
            self._runs[run.id] = run
            self._forget()
            run.start()
        return run

    def _find(self, experiment: Experiment) -> Run | None:
        wanted = key(experiment)
        alike = (run for run in self._runs.values() if run.key == wanted and run.state not in ("stopped", "failed"))
        return next((run for run in alike if not run.stop.is_set()), None)

    def _refuse_when_busy(self) -> None:
        if sum(not run.ended for run in self._runs.values()) >= MOST_RUNNING:
            raise BusyError(f"At most {MOST_RUNNING} runs may be in flight at once. Stop one, or wait until it ends.")

    def _forget(self) -> None:
        """Drop the oldest that have ended, beyond those that are kept."""
        for name in [name for name, run in self._runs.items() if run.ended and not run.readers]:
            if len(self._runs) <= MOST_KEPT:
                return
            del self._runs[name]

    def get(self, name: str) -> Run | None:
        """The run of that id, or None."""
        with self._lock:
            if name in self._runs:
                self._runs.move_to_end(name)
            return self._runs.get(name)

    def stop_all(self) -> None:
        """Stop every run."""
        for run in list(self._runs.values()):
            run.stop.set()
