"""Families from public threads of real bugs, named in the docstrings; and what older ones ask by a network's name."""

from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault, bias, on_weights, parameters, places
from benchmarks.initfaults.faults.late.known import Maker, everywhere, spots
from benchmarks.initfaults.faults.others import gains, garbage
from benchmarks.initfaults.net import Case, Net
from torch import Tensor

CHAINS = (
    "iris", "wine-tanh", "tumours", "diabetes", "keras-regressor", "keras-mlp", "flax-mlp", "haiku-regressor",
    "gamma-claims", "discrete-hazard", "classes-3000", "playground", "distilled-student", "zero-head-regressor",
    "rank-net", "cart-pole-dqn", "quantile-values", "monte-carlo-dropout", "student-t", "absolute-error",
    "clean-picture", "scarf",
)  # fmt: skip


def same_shards(host: Net) -> Iterator[Fault]:
    """Every rank draws its shard from one seed (InternLM/InternLM#405, modelscope/ms-swift#7944)."""

    def rows(w: Tensor, shards: int) -> None:
        n = len(w) // shards
        for i in range(1, shards):
            w[i * n : (i + 1) * n] = w[:n].clone()

    def columns(w: Tensor, shards: int) -> None:
        rows(w.transpose(0, 1), shards)

    strengths = {
        "rows-8": lambda w: rows(w, 8), "columns-2": lambda w: columns(w, 2),
        "both-4": lambda w: (rows(w, 4), columns(w, 4)),
    }  # fmt: skip
    yield from everywhere("same-shards", host, strengths, spots(host))


def lost_scale(host: Net) -> Iterator[Fault]:
    """Quantised weights read without their scale (leejet/stable-diffusion.cpp#1898): 8 bits' codes, or 4 bits'."""
    strengths = {
        f"{top}": (lambda w, top=top: w.mul_(top / w.abs().max().clamp_min(1e-12)).round_()) for top in (127, 7)
    }
    yield from everywhere("lost-scale", host, strengths, spots(host))


def empty_norms(host: Net) -> Iterator[Fault]:
    """Norms' gains allocated, never written (flagos-ai/FlagPerf#683)."""
    found = gains(host)
    for word, names in (("all-1e4", found), ("first", found[:1]), ("last-1e4", found[-1:]), ("all", found)):

        def leave(case: Case, names: tuple[str, ...] = names, word: str = word) -> None:
            for name in names:
                g = parameters(case)[name].data
                garbage(g)
                if "1e4" in word:
                    g.nan_to_num_(0).clamp_(-1e4, 1e4)

        if names:
            yield Fault(family="empty-norms", host=host, label=word, places=names, inject=leave)


BRANCHES = {
    "rezero-table": [("alphas", *(f"fcs.{i}.{part}" for i in range(12) for part in ("weight", "bias")))],
    "rezero-convolutions": [(f"alphas.{i}", f"convs.{i}.weight", f"convs.{i}.bias") for i in range(4)],
    "real-nvp": [(f"fc2.{i}.weight", f"fc2.{i}.bias", f"last.{i}.weight") for i in range(4)],
    "pre-norm-table": [(f"ups.{i}.weight", f"ups.{i}.bias", f"downs.{i}.weight") for i in range(3)],
    "nano-gpt": [(f"blocks.{i}.up.weight", f"blocks.{i}.down.weight") for i in range(2)],
}


def closed_gate(host: Net) -> Iterator[Fault]:
    """The factor and what it multiplies, both zero."""
    branches = BRANCHES.get(host.name, [])
    for word, chosen in (("all", branches), ("first", branches[:1])):
        names = tuple(name for branch in chosen for name in branch)

        def shut(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        if names and (word == "all" or len(branches) > 1):
            yield Fault(family="closed-gate", host=host, label=word, places=names, inject=shut)


def copied_chains(host: Net) -> Iterator[Fault]:
    """All units of a layer one: rows, biases and the columns that read them."""
    assert host.sites
    chain = places(host)
    for index in sorted({0, len(host.sites.hidden) - 1}) if host.name in CHAINS else ():
        name, reader = chain[index], chain[index + 1]

        def both(case: Case, name: str = name, reader: str = reader) -> None:
            w, r, b = parameters(case)[name].data, parameters(case)[reader].data, bias(case, name)
            w.copy_(w[:1].clone().expand_as(w))
            r.copy_(r[:, :1].clone().expand_as(r))
            if b is not None:
                b.fill_(float(b[0]))

        label = f"{'first' if index == 0 else 'last'}-in-out"
        yield Fault(family="copied-units", host=host, label=label, places=(name, reader), inject=both)


def embedding_scale(host: Net) -> Iterator[Fault]:
    """An untied table a hundred times too large, or too small."""
    assert host.sites
    if host.sites.embedding and host.sites.head:
        for word, factor in (("x100", 100.0), ("/1000", 1e-3)):
            name = host.sites.embedding
            yield on_weights("embedding-scale", host, word, (name,), lambda w, f=factor: w.mul_(f))


OWN: tuple[Maker, ...] = (same_shards, lost_scale)
RARE: tuple[Maker, ...] = (empty_norms, copied_chains, embedding_scale)
ALWAYS: tuple[Maker, ...] = (closed_gate,)
