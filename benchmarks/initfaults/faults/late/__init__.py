"""The late networks' faults: every family in turn, at the next of its places and strengths; and bugs of threads."""

from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault
from benchmarks.initfaults.faults.fresh import new
from benchmarks.initfaults.faults.fresh.known import Maker as Turned
from benchmarks.initfaults.faults.late import known, own
from benchmarks.initfaults.faults.late.known import Maker
from benchmarks.initfaults.faults.late.threads import threads
from benchmarks.initfaults.net import Net

MANY, FEW, RARELY = 7, 3, 10
QUICK = (
    "side-network", "sac-actor", "sigmoid-squares", "house-prices", "gaussian-dial", "siamese-margin",
    "tangent-parametrised", "zipf-prior", "unit-variance", "ordinal-coral", "leaky-two-classes", "candidates",
    "twin-critics", "n-pairs", "lecun-scaled-tanh", "evidential", "tabular-pyramid", "hamiltonian", "noise-contrast",
    "factored", "denoising-autoencoder", "gelu-picture", "flow-matching", "sphere-distance", "koopman",
    "masked-autoregressive", "masked-sparse", "batch-ensemble", "looks-linear", "entity-embeddings", "binary-weights",
    "deep-fm", "proxy-anchor", "supervised-contrast", "multi-task", "gated-residual", "equilibrium", "siglip",
    "gumbel-codes", "neural-process", "preconditioned", "le-net", "clip", "conditional-vae", "keras-cnn", "n-beats",
    "speaker-centroids", "tabular-batchnorm", "nature-dqn",
)  # fmt: skip
SLOWER = (
    "patch-critic", "chrono-lstm", "decision-transformer", "gru4rec", "pre-activated", "continuous-filters",
    "gated-graph", "sasrec", "network-in-network", "dilated-pyramid", "elman-tagger", "equivariant", "glow", "impala",
    "performer", "graph-biases", "graph-sage", "initial-residual", "relational-graph", "damped-averages",
    "fourier-operator", "matrix-memory", "retina-detector", "parallel-blocks", "separable",
)  # fmt: skip
ALONE = ("lora-conv", "rs-lora-encoder", "vera", "tied-lstm", "radial-basis", "soft-trees")  # no hidden layers to break


STRONGEST: tuple[tuple[Maker, tuple[str, ...]], ...] = (
    (known.wrong_gain, ("0.25", "sigmoid-4")),
    (known.wrong_fan, ("all-variance",)),
    (known.rank_one, ("all",)),
    (known.scaled_down, ("all-/100", "all-/30")),
    (known.norm_gain, ("all-0.02",)),
    (known.copied_units, ("first-in-out", "last-in-out")),
    (known.normal_one, ("all",)),
    (lambda host: new.swapped_gains(host, 0), ("first-x40", "last-x40")),
    (lambda host: new.pruned(host, 0), ("hidden-98%",)),
    (lambda host: new.absolute(host, 0), ("hidden",)),
)


def turned(maker: Turned, turn: int) -> Maker:
    """One of fresh's makers, which is given the turn."""
    return lambda host: maker(host, turn)


def late_faults(nets: list[Net]) -> Iterator[Fault]:
    """No fault twice."""
    yield from {fault.name: fault for fault in (*injected(nets), *scarce(nets))}.values()


def injected(nets: list[Net]) -> Iterator[Fault]:
    """Eight families a quick network, four a slower one, each from where the last left off; the rare ones always."""
    by_name = {net.name: net for net in nets}
    yield from _common([by_name[name] for name in (*QUICK, *SLOWER)])
    yield from _rare([by_name[name] for name in (*QUICK, *SLOWER)])
    for name in (*QUICK, *SLOWER, *ALONE):
        yield from (fault for maker in (*known.ALWAYS, *own.ALWAYS) for fault in maker(by_name[name]))
    yield from threads()


def scarce(nets: list[Net]) -> Iterator[Fault]:
    """Of families in which training had found few harmful, the strongest variants, in more of the quick networks."""
    by_name = {net.name: net for net in nets}
    for shift, (maker, labels) in enumerate(STRONGEST):
        found = [f for name in QUICK[shift::3] for f in maker(by_name[name]) if f.label in labels]
        yield from found[shift % 2 :: 2][:RARELY]


def _rare(hosts: list[Net]) -> Iterator[Fault]:
    """Of the families that few networks can have, one variant in each of at most ten."""
    for maker in (*known.RARE, *own.RARE, *(turned(m, t) for t, m in enumerate(new.RARE))):
        found = [variants for host in hosts if (variants := list(maker(host)))]
        step = max(len(found) // RARELY, 1)
        yield from (variants[i % len(variants)] for i, variants in enumerate(found[::step][:RARELY]))


def _common(hosts: list[Net]) -> Iterator[Fault]:
    makers = [*known.KNOWN]
    for i, each in enumerate((*own.OWN, *(turned(m, t) for t, m in enumerate((*new.COMMON, *new.ALWAYS))))):
        makers.insert((2 * i + 1) % len(makers), each)
    at, used = 0, [0] * len(makers)
    for host in hosts:
        wanted = MANY if host.name in QUICK else FEW
        given: set[str] = set()
        for _ in range(len(makers)):
            if len(given) == wanted:
                break
            index, at = at % len(makers), at + 1
            fresh = [fault for fault in makers[index](host) if fault.name not in given]
            if fresh:
                fault = fresh[used[index] % len(fresh)]
                used[index] += 1
                given.add(fault.name)
                yield fault
