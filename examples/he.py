"""He et al., 2015: at 30 layers of ReLU, He's initialization trains and Xavier's stalls.

The claim (figures 2 and 3): 22 layers converge under both, He's earlier; 30 layers under He's only, and Xavier's
"completely stalls": of half the variance, it halves that of the signal in each layer, 28 times in 29 hidden layers.

Accepted, in every seed: as everywhere in initlab, a network has stalled when its accuracy is within two standard errors
of naming the largest class (below 0.118), and converges if not. Earlier means that He's has the lower loss.

Here: digits, dense layers of 100 units, SGD with momentum 0.9, rate 0.005, batches of 64 (the paper: ImageNet and
convolutions). The depth at which Xavier stalls depends on rate, width and budget. At rate 0.01 one of He's five
networks of 22 layers diverged; with batches of 128 instead, one of Xavier's five of 30 layers left chance, at 0.18.

Reference: "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.
"""

import math
from collections.abc import Sequence

from table import median_of, progress, quick, row, show

import initlab
from initlab.experiments.result import Trial

STALLED, CONVERGES = (0.0, 0.118), (0.118, 1.0)


def train(layers: int, seeds: int) -> list[Sequence[Trial]]:
    found = initlab.compare(
        data="digits", layers=[100] * (layers - 1), schemes="he, xavier", seeds=seeds, iterations=300,
        optimizer="momentum", learning_rate=0.005, batch_size=64, dtype="float32", progress=progress("steps"),
    )  # fmt: skip
    return [scheme.trials for scheme in found.schemes]


def halvings(trial: Trial) -> float:
    return 2 * math.log2(trial.start.layers[0].forward_std / trial.start.layers[-2].forward_std)


def main() -> int:
    seeds, rows = 1 if quick(__doc__) else 5, []
    for layers, xavier_is, accepted in ((22, "converges", CONVERGES), (30, "stalls", STALLED)):
        he, xavier = train(layers, seeds)
        earlier = [a.final_loss / b.final_loss for a, b in zip(he, xavier, strict=True)]
        more = [halvings(b) - halvings(a) for a, b in zip(he, xavier, strict=True)]
        rows += [
            row(f"{layers} layers, He", median_of([trial.train_accuracy for trial in he]), "converges", CONVERGES),
            row(f"{layers} layers, Xavier", median_of([trial.train_accuracy for trial in xavier]), xavier_is, accepted),
            row(f"{layers} layers, He's loss over Xavier's", median_of(earlier), "below 1", (0, 1)),
            row(f"{layers} layers, halvings", median_of(more), f"{layers - 2}", (layers - 2.1, layers - 1.9)),
        ]
    return show("He et al., 2015: training accuracy after 300 steps", rows)


if __name__ == "__main__":
    raise SystemExit(main())
