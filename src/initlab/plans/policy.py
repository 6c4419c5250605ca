"""The policy: which scheme goes to which parameter. A document that a person writes in TOML.

    title = "GPT-2 with a pretrained encoder"
    extends = "gpt2"

    [[rules]]
    name = "encoder.*"
    scheme = "keep"

A rule reaches the parameters that meet all its conditions (name, module, gate, role), and the rule of the highest rank
sets each of them. The rules of a document rank above those of the one it extends; then a rule with a whole name above
one with a pattern, above one with a module, above one with a gate, above one with a role, above one without conditions:

    rank = (own, whole name, pattern, module, gate, role),  compared in that order

Of two rules of equal rank the one written first wins, and the plan says so.
"""

import re
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from initlab.documents import fault, read_toml
from initlab.errors import SpecError, UnknownNameError, UsageError
from initlab.parameters import ROLES, Gate, Parameter, Role
from initlab.schemes import Choice, choose

KEEP = "keep"
"""What a rule writes for a scheme to leave what it reaches as it is."""

GainWord = Literal["forward", "backward", "average", "geometric", "branch"]

Method = Literal["lsuv", "krahenbuhl", "weight-norm"]

Rank = tuple[int, ...]

_WILD = re.compile(r"[*?]|\[[^\]]*\](?!$)")
"""What makes a name a pattern; brackets at its end are the block of a fused tensor, such as in_proj_weight[query]."""


class Rule(BaseModel):
    """One line of a policy: the conditions that a parameter must meet, and the scheme that it then gets."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    scheme: str = Field(description=f"A scheme such as he_normal or normal(std=0.02), or {KEEP} to leave it as it is.")
    role: tuple[Role, ...] = Field((), description=f"One or several of {', '.join(ROLES)}.")
    name: str | None = Field(None, description="A pattern such as *.c_proj.weight, or a /regular expression/.")
    module: str | None = Field(None, description="A pattern for the type of the layer, such as Conv*.")
    gate: Gate | None = Field(None, description="A gate of a recurrent layer: input, forget, cell or output.")
    gain: GainWord | None = Field(
        None,
        description="forward, backward, average, geometric (of the activation) or branch (1/√ of how many there are).",
    )
    optional: bool = Field(False, description="Whether it is no fault that the rule reaches nothing.")
    reason: str | None = Field(None, description="Why, for the plan to print.")
    source: str | None = Field(None, description="Where this is published.")

    @field_validator("role", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, (list, tuple)):
            raise ValueError("a role, or a list of roles")
        for word in words:
            if word not in ROLES:
                raise UnknownNameError("role", str(word), ROLES)
        return tuple(words)

    @field_validator("name", "module")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None and _is_expression(value):
            try:
                re.compile(value[1:-1])
            except re.error as error:
                raise ValueError(f"a valid regular expression ({error})") from None
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> "Rule":
        takes_gain = self.scheme != KEEP and "gain" in self.choice.scheme.kinds
        if self.gain is not None and not takes_gain:
            raise SpecError(
                f"The scheme of a rule with a gain must take one, got {self.scheme}. Use lecun_normal, or no gain."
            )
        return self

    @cached_property
    def choice(self) -> Choice:
        """The scheme, ready to give laws; not to be asked of a rule that keeps."""
        return choose(self.scheme)

    def reaches(self, parameter: Parameter) -> bool:
        """Whether a parameter meets all conditions."""
        return (
            (not self.role or parameter.role in self.role)
            and (self.gate is None or parameter.gate == self.gate)
            and (self.module is None or matches(self.module, parameter.module or ""))
            and (self.name is None or any(matches(self.name, name) for name in _names(parameter)))
        )

    @property
    def rank(self) -> Rank:
        """How specific the conditions are; see the module."""
        whole = self.name is not None and not _is_expression(self.name) and not _WILD.search(self.name)
        pattern = self.name is not None and not whole
        return tuple(map(int, (whole, pattern, self.module is not None, self.gate is not None, bool(self.role))))

    @property
    def conditions(self) -> str:
        """The conditions in words.

        >>> Rule(scheme="zeros", role="head").conditions
        'role head'
        """
        words = [f"role {' or '.join(self.role)}"] if self.role else []
        words += [f"{what} {value}" for what in ("name", "module", "gate") if (value := getattr(self, what))]
        return ", ".join(words) or "every parameter"


def matches(pattern: str, text: str) -> bool:
    r"""Whether a text is what a pattern says: a glob for the whole of it, or a /regular expression/ for some of it.

    >>> matches("*.bias", "fc.bias"), matches(r"/h[.]\d+[.]/", "h.12.mlp"), matches("fc", "fc.bias")
    (True, True, False)
    """
    if _is_expression(pattern):
        return re.search(pattern[1:-1], text) is not None
    return text == pattern or fnmatchcase(text, pattern)


def _names(parameter: Parameter) -> tuple[str, ...]:
    """All names that a rule may call a parameter by: its own, those it is tied to, that of the tensor it is part of."""
    return (parameter.name, *parameter.tied_to, *([parameter.tensor] if parameter.tensor else []))


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")


class Policy(BaseModel):
    """Rules, what they are called, where they come from, and what they ask of the network besides."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field("policy", description="What the plan calls it; its file's name if unset.")
    title: str | None = Field(None, description="A title for the plan.")
    about: str | None = Field(None, description="What it is for.")
    source: str | None = Field(None, description="Where it is published.")
    note: str | None = Field(None, description="What the network must do besides, for the weights to be right.")
    extends: str | None = Field(None, description="A preset whose rules stand below these.")
    method: Method | None = Field(None, description="lsuv, krahenbuhl or weight-norm: rescaled on a batch of data.")
    rules: tuple[Rule, ...] = Field((), description="Tables [[rules]], each with at least a scheme.")
    inherited: tuple[Rule, ...] = Field((), exclude=True, description="The rules of the preset that it extends.")

    @field_validator("rules", "inherited", mode="before")
    @classmethod
    def _as_rules(cls, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            raise ValueError("tables written as [[rules]]")
        return tuple(entry if isinstance(entry, Rule) else _rule(entry, place + 1) for place, entry in enumerate(value))

    def ranked(self) -> list[tuple[Rank, Rule]]:
        """All rules, the highest rank first, and of equal ranks the one written first."""
        rules = [((1, *rule.rank), rule) for rule in self.rules] + [((0, *rule.rank), rule) for rule in self.inherited]
        return sorted(rules, key=lambda entry: entry[0], reverse=True)


def _rule(entry: object, number: int) -> Rule:
    if not isinstance(entry, dict):
        raise ValueError("tables written as [[rules]]")
    unknown = entry.keys() - Rule.model_fields.keys()
    if unknown:
        raise UnknownNameError(f"field of rule {number}:", min(unknown), Rule.model_fields)
    try:
        return Rule(**entry)
    except ValidationError as error:
        cause = error.errors()[0].get("ctx", {}).get("error")
        raise cause if isinstance(cause, UsageError) else SpecError(f"Rule {number}: {fault(error, Rule)}") from None


def preset_names() -> list[str]:
    """The names of the presets, each a TOML file in the folder `presets`."""
    folder = resources.files("initlab.plans") / "presets"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def preset(name: str) -> Policy:
    """The preset of that name.

    >>> preset("gpt2").rules[0].scheme
    'gpt2'

    Raises UnknownNameError, with the nearest name.
    """
    if name not in preset_names():
        raise UnknownNameError("policy", name, [*preset_names(), "FILE.toml"])
    file = resources.files("initlab.plans") / "presets" / f"{name}.toml"
    with resources.as_file(file) as path:
        return read_policy(path)


def policy_of(source: Policy | dict[str, Any] | str | Path) -> Policy:
    """The policy that a preset's name, a TOML file or the fields of one stand for.

    Raises UnknownNameError or SpecError, one line, for what is none.
    """
    if isinstance(source, Policy):
        return source
    if isinstance(source, dict):
        return policy(source)
    if isinstance(source, Path) or str(source).endswith(".toml"):
        return read_policy(Path(source))
    return preset(source)


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file, called after it where it has no name."""
    fields = read_toml(path, what="policy")
    return policy({"name": path.stem, **fields})


def policy(fields: dict[str, Any]) -> Policy:
    """A policy from a mapping. Raises SpecError or UnknownNameError, one line, for the first thing that is wrong.

    >>> policy({"rules": [{"scheme": "he_nromal"}]})
    Traceback (most recent call last):
    initlab.errors.UnknownNameError: Unknown scheme 'he_nromal'. Did you mean 'he_normal'?
    """
    known = Policy.model_fields.keys() - {"inherited"}
    unknown = fields.keys() - known
    if unknown:
        raise UnknownNameError("field of a policy", min(unknown), known)
    base = preset(str(fields["extends"])) if fields.get("extends") is not None else None
    own = dict(fields)
    if base is not None:
        own["inherited"] = (*base.rules, *base.inherited)
        own = {**{what: getattr(base, what) for what in ("note", "method", "source")}, **own}
    try:
        found = Policy(**own)
    except ValidationError as error:
        cause = error.errors()[0].get("ctx", {}).get("error")
        raise cause if isinstance(cause, UsageError) else SpecError(fault(error, Policy)) from None
    if not found.rules and not found.inherited:
        raise SpecError("A policy must have at least one rule, got none. Write a table [[rules]] with a scheme.")
    return found
