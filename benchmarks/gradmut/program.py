"""A network as a person writes it, forward and backward, line by line; and edits of its lines: the mutants.

A mutant is a text with one line changed, compiled: what is checked is what a programmer would have run.
"""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One mistake: `old` is replaced by `new` in the backward pass; no `old`: a line at its end.

    `site` is the first quantity that it spoils (W2: a block alone; Z1: dZ1 and all below; W*: every weight), `cause`
    the kind of mistake (answers.py), None where no catalogue could name it.
    """

    name: str
    old: str
    new: str
    site: str
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The text of a forward pass that ends in J, and of a backward pass that makes d<name> of every parameter.

    `constants` are the names it uses besides; `single` casts every parameter to float32 first.
    """

    names: tuple[str, ...]
    forward: str
    backward: str
    returned: str
    constants: Mapping[str, Any] = field(default_factory=dict)
    single: bool = False

    @classmethod
    def written(cls, names: tuple[str, ...], forward: str, backward: str, **constants: Any) -> "Program":
        """A program that returns its gradients as {"dW1": dW1, ...}."""
        returned = "{" + ", ".join(f'"d{name}": d{name}' for name in names) + "}"
        lines = textwrap.dedent(forward).strip(), textwrap.dedent(backward).strip()
        return cls(names=names, forward=lines[0], backward=lines[1], returned=returned, constants=constants)

    def edited(self, edit: Edit) -> "Program":
        """The program with this mistake. Raises ValueError unless its line stands there once."""
        if not edit.old:
            return replace(self, backward=f"{self.backward}\n{edit.new}")
        return replace(self, backward=_once(self.backward, edit))

    def cost(self) -> Callable[..., Any]:
        """The function of (parameters, X, Y) that returns J."""
        return self._compile("cost", f"{self.forward}\nreturn J")

    def gradients(self) -> Callable[..., Arrays]:
        """The function of (parameters, X, Y) that runs the forward pass for itself and returns the gradients."""
        return self._compile("gradients", f"{self.forward}\n{self.backward}\nreturn {self.returned}")

    def _compile(self, name: str, body: str) -> Callable[..., Any]:
        cast = "np.float32({0})" if self.single else "{0}"
        data = "\n".join(f"{x} = np.float32({x})" for x in "XY") if self.single else ""
        unpacked = "\n".join(f"{x} = " + cast.format(f'p["{x}"]') for x in self.names)
        text = f"def {name}(p, X=X, Y=Y):\n" + textwrap.indent(f"{data}\n{unpacked}\n{body}", "    ")
        space: dict[str, Any] = {"np": np, "X": None, "Y": None, **self.constants}
        exec(compile(text, f"<{name}>", "exec"), space)
        return space[name]


def _once(text: str, edit: Edit) -> str:
    if text.count(edit.old) != 1:
        raise ValueError(
            f"{edit.name}: '{edit.old}' must stand once in the text, got {text.count(edit.old)} in:\n{text}"
        )
    return text.replace(edit.old, edit.new)
