"""The cost and the gradients of a case, in float64, counted; along a line, its branches watched where possible."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from initlab.gradients.case import Array, Arrays, GradientCase, called, check_gradients, scalar
from initlab.gradients.watch import watched
from initlab.numerics.differences import Value

Pin = Callable[[], AbstractContextManager[object]]
Copies = dict[str, Array]


@dataclass(slots=True)
class Count:
    """How many costs were asked for: one count for all places where a case is looked at."""

    costs: int = 0


class Harness:
    """A case at one point. `theta` are its parameters in float64; `pin` is entered around every call.

    `pin` makes a call draw the same random numbers as the last one did, where that is needed.
    """

    def __init__(
        self,
        case: GradientCase,
        parameters: Arrays | None = None,
        *,
        pin: Pin = nullcontext,
        count: Count | None = None,
    ) -> None:
        given = case.parameters if parameters is None else parameters
        self.case, self.pin = case, pin
        self.count = Count() if count is None else count
        self.theta: Copies = {name: np.asarray(value).astype(np.float64) for name, value in given.items()}
        self.sees_branches = self._tried = False
        self._here: tuple[Copies, bool, Value] | None = None

    @property
    def evaluations(self) -> int:
        """How many costs were asked for."""
        return self.count.costs

    @property
    def sizes(self) -> dict[str, int]:
        """How many entries each block has."""
        return {name: value.size for name, value in self.theta.items()}

    def fresh(self) -> Copies:
        """Copies of the parameters, for calls that might change them."""
        return {name: value.copy() for name, value in self.theta.items()}

    def cost(self, parameters: Mapping[str, Array], *, when: str = "") -> float:
        """The cost at some parameters."""
        self.count.costs += 1
        with self.pin():
            return scalar(called(self.case.cost, parameters, *self.case.data, what="cost"), when=when)

    def raw_gradients(self, parameters: Mapping[str, Array]) -> Mapping[str, Any]:
        """What the user's function returns, unchecked."""
        if not callable(self.case.gradients):
            return self.case.gradients
        with self.pin():
            return called(self.case.gradients, parameters, *self.case.data, what="gradients")  # type: ignore[no-any-return]

    def gradients(self) -> Copies:
        """The gradients at the point, after a call of the cost there, as in training."""
        self.cost(self.fresh())
        return check_gradients(self.raw_gradients(self.fresh()), self.theta)

    def watch(self) -> bool:
        """Watch the branches from now on, if there are any, and the cost is the very same number when it is watched.

        Whether that is new.
        """
        if self._tried:
            return False
        self._tried = True
        try:
            seen, pattern = self._watched_cost(self.theta)
        except Exception:  # a program that refuses a subclass of ndarray may say so in any way
            return False
        with np.errstate(all="ignore"):
            self.sees_branches = pattern is not None and seen == self.cost(self.fresh())
        return self.sees_branches

    def _watched_cost(self, parameters: Mapping[str, Array]) -> Value:
        if self.case.branches is not None:
            self.count.costs += 1
            with self.pin():
                found, seen = called(self.case.branches, parameters, what="cost")
            return scalar(found), seen
        views, pattern = watched(parameters)
        cost = self.cost(views)
        return cost, pattern.value() if pattern.noted else None

    def along(self, direction: Mapping[str, Array]) -> Callable[[float], Value]:
        """T -> the cost at theta + t · direction; a direction names the blocks that it moves."""
        names = ", ".join(direction)

        def value(t: float) -> Value:
            if t == 0:
                return self._value_here(names)
            moved = {name: self.theta[name] + t * v for name, v in direction.items()}
            with np.errstate(all="ignore"):
                return self._guarded({**self.theta, **moved}, names)

        return value

    def _value_here(self, names: str) -> Value:
        """The cost at the point itself, asked for once."""
        if self._here is None or self._here[0] is not self.theta or self._here[1] != self.sees_branches:
            self._here = (self.theta, self.sees_branches, self._guarded(self.theta, names))
        return self._here[2]

    def _guarded(self, parameters: Mapping[str, Array], names: str) -> Value:
        """A cost that is not finite off the point is no fault: that step is not used."""
        if self.sees_branches:
            return self._watched_cost(parameters)
        self.count.costs += 1
        with self.pin():
            found = called(self.case.cost, parameters, *self.case.data, what=f"cost, with {names} moved by a step,")
        return scalar(found), None

    def long_cost(self, parameters: Mapping[str, Array]) -> np.longdouble | None:
        """The cost with parameters in extended precision; None where the program is not one for all precisions."""
        self.count.costs += 1
        wide = {name: value.astype(np.longdouble) for name, value in parameters.items()}
        try:
            with self.pin(), np.errstate(all="ignore"):
                found = np.asarray(self.case.cost(wide, *self.case.data))
        except Exception:
            return None
        return np.longdouble(found.reshape(())) if found.size == 1 and found.dtype == np.longdouble else None

    def long_gradients(self) -> Copies | None:
        """The gradients with parameters in extended precision; None where the program is not one for all precisions."""
        wide = {name: value.astype(np.longdouble) for name, value in self.theta.items()}
        if not callable(self.case.gradients) or self.long_cost(wide) is None:
            return None
        try:
            with self.pin(), np.errstate(all="ignore"):
                found = check_gradients(self.case.gradients(wide, *self.case.data), wide)
        except Exception:
            return None
        return found if all(value.dtype == np.longdouble for value in found.values()) else None

    def complex_slope(self, direction: Mapping[str, Array], step: float = 1e-25) -> tuple[float, bool] | None:
        """(Im f(theta + i h v)/h, whether in extended precision), free of cancellation.

        None where the cost is no analytic program.
        """
        for kind in (np.clongdouble, np.complex128):
            slope = self._complex_slope(direction, step, kind)
            if slope is not None:
                return slope, kind is np.clongdouble
        return None

    def _complex_slope(self, direction: Mapping[str, Array], step: float, kind: type) -> float | None:
        parameters: dict[str, Any] = {name: value.astype(kind) for name, value in self.theta.items()}
        for name, v in direction.items():
            parameters[name] = parameters[name] + kind(1j * step) * v
        self.count.costs += 1
        try:
            with self.pin(), np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                found = np.asarray(self.case.cost(parameters, *self.case.data))
        except Exception:
            return None
        if found.size != 1 or found.dtype != kind:
            return None
        slope = float(found.reshape(()).imag / step)
        return slope if np.isfinite(slope) else None
