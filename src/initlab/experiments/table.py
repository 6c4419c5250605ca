"""A table of examples: features in columns, one target a row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`x` is (examples, features); `y` holds class numbers into `classes`, or real targets where `classes` is empty."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    classes: tuple[str, ...]

    def rows(self, chosen: npt.NDArray[np.intp]) -> "Table":
        """The table of some of the examples."""
        return Table(x=self.x[chosen], y=self.y[chosen], classes=self.classes)
