"""The last networks' faults: every family in turn, at the next of its places and strengths."""

from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault
from benchmarks.initfaults.faults.fresh import new
from benchmarks.initfaults.faults.last import own
from benchmarks.initfaults.faults.late import known, turned
from benchmarks.initfaults.faults.late import own as later
from benchmarks.initfaults.faults.late.known import Maker
from benchmarks.initfaults.net import Net

EACH, RARELY = 5, 4
HOSTS = (
    "iris", "keras-regressor", "small-vit", "flax-mlp", "strided-elu", "wine-tanh", "churn", "bengio-lm", "tumours",
    "deep-plain", "mnist-example", "pre-norm-table", "cart-pole-dqn", "nano-gpt", "playground", "keras-mlp",
    "srcnn", "student-t", "shared-actor-critic", "fastai-tabular", "grouped-queries", "geglu-table", "six-tanh",
    "pyramid-segmenter", "haiku-regressor", "distilled-student", "res-net-option-a", "clean-picture", "taste",
    "time-mixer", "siamese-verifier", "squared-one-hot", "char-rnn", "zero-head-regressor", "tanh-bottleneck",
    "landmarks", "discrete-hazard", "gated-convolutions", "chebyshev", "scarf", "rms-classifier", "rank-net",
    "zero-head-convolutions", "bernoulli-vae", "behaviour-cloning", "least-squares-critic", "diabetes", "auto-rec",
)  # fmt: skip
ALONE = ("rezero-table", "rezero-convolutions", "real-nvp", "lora-classifier", "lora-grouped-decoder")
STRONGEST: tuple[tuple[Maker, tuple[str, ...]], ...] = (
    (known.wrong_gain, ("0.25", "sigmoid-4")),
    (known.wrong_fan, ("all-variance",)),
    (known.rank_one, ("all",)),
    (known.scaled_down, ("all-/100", "all-/30")),
    (known.normal_one, ("all",)),
    (known.constant, ("all-fan", "all-0.5")),
    (known.uniform_positive, ("all",)),
    (turned(new.swapped_gains, 0), ("first-x40", "last-x40")),
    (turned(new.pruned, 0), ("hidden-98%",)),
)


def last_faults(nets: list[Net]) -> Iterator[Fault]:
    """No fault twice."""
    by_name = {net.name: net for net in nets}
    hosts = [by_name[name] for name in HOSTS]
    alone = [by_name[name] for name in ALONE]
    every = (*_common(hosts), *_rare(hosts), *_always([*hosts, *alone]), *_strongest(hosts))
    yield from {fault.name: fault for fault in every}.values()


def _common(hosts: list[Net]) -> Iterator[Fault]:
    """Five families a network, each from where the last left off."""
    makers = [*known.KNOWN]
    added = (*own.OWN, *later.OWN, *(turned(m, t) for t, m in enumerate((*new.COMMON, *new.ALWAYS))))
    for i, each in enumerate(added):
        makers.insert((2 * i + 1) % len(makers), each)
    at, used = 0, [0] * len(makers)
    for host in hosts:
        given: set[str] = set()
        for _ in range(len(makers)):
            if len(given) == EACH:
                break
            index, at = at % len(makers), at + 1
            found = [fault for fault in makers[index](host) if fault.name not in given]
            if found:
                fault = found[used[index] % len(found)]
                used[index] += 1
                given.add(fault.name)
                yield fault


def _rare(hosts: list[Net]) -> Iterator[Fault]:
    """Of the families that few networks can have, one variant in each of at most four, spread over them."""
    for maker in (*known.RARE, *later.RARE, *own.RARE, *(turned(m, t) for t, m in enumerate(new.RARE))):
        found = [variants for host in hosts if (variants := list(maker(host)))]
        step = max(len(found) // RARELY, 1)
        yield from (variants[i % len(variants)] for i, variants in enumerate(found[::step][:RARELY]))


def _always(hosts: list[Net]) -> Iterator[Fault]:
    for host in hosts:
        for maker in (known.tied_embedding, known.lora_zero, *own.ALWAYS, *later.ALWAYS):
            yield from maker(host)


def _strongest(hosts: list[Net]) -> Iterator[Fault]:
    """Two or three more of the strongest variants of families in which training finds few harmful."""
    for shift, (maker, labels) in enumerate(STRONGEST):
        found = [f for host in hosts[shift :: len(STRONGEST)] for f in maker(host) if f.label in labels]
        yield from found[:RARELY]
