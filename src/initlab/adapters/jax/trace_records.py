"""The records of one pass of a JAX model, from the values at its taps and their gradients."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from initlab.adapters.jax import trace_statistics as statistics
from initlab.adapters.jax.program import Number
from initlab.adapters.jax.sites import Site
from initlab.adapters.jax.trace_marks import Marks
from initlab.adapters.jax.trace_weights import Held, name_of
from initlab.adapters.trace_record import WIDEST, Record

RECTIFIERS = ("relu",)
"""Functions that are exactly 0 for every input <= 0."""


class Reader:
    """Measures the sites of a program. An activation right behind a site shares that one's measurements."""

    def __init__(
        self,
        sites: Sequence[Site],
        marks: Marks,
        weights: Mapping[str, Held],
        examples: int,
    ) -> None:
        self.sites, self.marks, self.weights, self.examples = sites, marks, weights, examples
        self.owners = {
            place: marks.direct[site.value]
            for place, site in enumerate(sites)
            if site.kind == "activation" and site.value in marks.direct and marks.direct[site.value] != place
        }
        self.names = [tuple(filter(None, (name_of(view, weights) for view in site.weights))) for site in sites]
        self.taps = tuple(dict.fromkeys(site.value for place, site in enumerate(sites) if place not in self.owners))

    def records(
        self,
        tapped: Mapping[Number, Any],
        back: Mapping[Number, Any],
        arrays: Sequence[Any],
        again: frozenset[str] | None = None,
    ) -> list[Record]:
        """The record of every site; `again`, with no more than the alike and dead units of those sites."""
        made: list[Record] = []
        for place, site in enumerate(self.sites):
            owner = self.owners.get(place)
            of = site if owner is None else self.sites[owner]
            z = statistics.laid(np.asarray(tapped[of.value]), of.units, self.examples)
            record = self._new(place, site, z, tapped[of.value].dtype)
            made.append(record)
            whole = again is None
            if again is not None and record.site not in again:
                continue
            if owner is not None:
                record.values |= {
                    key: value for key, value in made[owner].values.items() if key not in ("dead", "lit", "slope")
                }
            elif site.kind == "attention":
                record.values |= self._scores(site, tapped[site.value]) if whole else {}
            else:
                record.values |= self._values(site, z, arrays) if whole else {}
                self._sketched(record, site, z, back)
            record.values |= _bend(site, z, whole=whole)
        return made

    def _new(self, place: int, site: Site, z: Any, dtype: Any) -> Record:  # noqa: ANN401
        return Record(
            place=place,
            site=self._site(place, site),
            kind=site.kind,
            function=site.function,
            units=z.shape[2],
            rows=z.shape[0] * z.shape[1],
            examples=z.shape[0],
            dtype=str(dtype),
            epsilon=float(jnp.finfo(dtype).eps),
            weights=tuple(sorted(self.names[place])),
            inputs=self.marks.inputs[place],
            residual=place in self.marks.residual,
            gate=place in self.marks.gates,
        )

    def _values(self, site: Site, z: Any, arrays: Sequence[Any]) -> dict[str, Any]:  # noqa: ANN401
        found = statistics.cosine(z, self._shift(site, arrays), picture=site.function.startswith("conv"))
        return statistics.moments(z) | ({} if found is None else {"cosine": found})

    def _scores(self, site: Site, values: Any) -> dict[str, Any]:  # noqa: ANN401
        assert site.keys is not None
        spread, keys = statistics.spread_of_scores(np.asarray(values), site.keys)
        return {"scores": spread, "keys": keys}

    def _sketched(self, record: Record, site: Site, z: Any, back: Mapping[Number, Any]) -> None:  # noqa: ANN401
        """Take the sketches of a value and of its gradient, where one came."""
        compared = 1 < z.shape[2] <= WIDEST and site.kind != "activation"
        record.sketch = statistics.sketch(z) if compared else None
        if site.value in back:
            gradient = statistics.laid(np.asarray(back[site.value]), site.units, self.examples)
            norm = float(np.linalg.norm(gradient.astype(np.float64)))
            record.received(statistics.sketch(gradient) if compared else None, norm)

    def _shift(self, site: Site, arrays: Sequence[Any]) -> Any:  # noqa: ANN401
        """What an operation adds to every row: its bias."""
        name = None if site.bias is None else name_of(site.bias, self.weights)
        if name is None:
            return None
        bias = self.weights[name].read(arrays).astype(np.float64)
        return bias if bias.any() else None

    def _site(self, place: int, site: Site) -> str:
        """The name of a site: its weight's, or its function's in the module of what feeds it."""
        if self.names[place]:
            return self.names[place][0].removesuffix(".weight")
        feeding = [name for before in self.marks.inputs[place] for name in self.names[before][:1]]
        owner = self.owners.get(place)
        if owner is not None and self.names[owner]:
            feeding = [self.names[owner][0]]
        home = module_of(feeding[-1]) if feeding else ""
        return f"{home}.{site.function}" if home else site.function


def _bend(site: Site, z: Any, *, whole: bool) -> dict[str, Any]:  # noqa: ANN401
    """What is read of an activation alone: dead units, and the slope where it is bounded."""
    if site.kind != "activation":
        return {}
    found = statistics.slope(site.function, z) if whole else None
    dead = statistics.one_sided(z) if site.function in RECTIFIERS else {}
    return dead | ({} if found is None else {"slope": found})


def module_of(weight: str) -> str:
    """The module that calls the layer of a weight.

    >>> module_of("blocks.0.up.weight"), module_of("layers.1.weight"), module_of("w1")
    ('blocks.0', '', '')
    """
    layer = weight.split(".")[:-1]
    if layer and layer[-1].isdigit():
        layer = layer[:-1]
    return ".".join(layer[:-1])
