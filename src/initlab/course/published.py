"""The figures that the course published, and those that this project computed where the course prints nothing.

Published: costs, accuracies and printed parameters as they stand in the outputs of the notebook `Initialization.ipynb`
of the public repository Kulbear/deep-learning-coursera (commit 997fdb2, run in 2018); the parameters of `he` for the
widths 3, 1, 2 are those that later editions of the course test for. Five more public copies with outputs were read:
they agree on zeros and He to the last digits, and differ on the random model within `RANDOM_SPANS`.

Computed: by a NumPy program written from the description of the course alone (NumPy 2.4.6, OpenBLAS 0.3.31).
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from initlab.experiments.course_result import StepZero

Table = tuple[tuple[float, ...], ...]

COSTS: Mapping[str, tuple[float, ...]] = MappingProxyType({
    "zeros": (0.6931471805599453,) * 15,
    "random": (
        np.inf, 0.6237287551108738, 0.5981106708339466, 0.5638353726276827, 0.550152614449184,
        0.5444235275228304, 0.5374184054630083, 0.47357131493578297, 0.39775634899580387, 0.3934632865981078,
        0.39202525076484457, 0.38921493051297673, 0.38614221789840486, 0.38497849983013926, 0.38278397192120406,
    ),
    "he": (
        0.8830537463419761, 0.6879825919728063, 0.6751286264523371, 0.6526117768893807, 0.6082958970572938,
        0.5304944491717495, 0.4138645817071794, 0.3117803464844441, 0.23696215330322562, 0.18597287209206836,
        0.1501555628037182, 0.12325079292273548, 0.09917746546525937, 0.0845705595402428, 0.07357895962677366,
    ),
})  # fmt: skip
"""The cost before update 0, 1000, ..., 14000."""

ACCURACIES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"zeros": (0.5, 0.5), "random": (0.83, 0.86), "he": (0.9933333333333333, 0.96)}
)
"""The share that is right, in training and in test, after 15,000 updates."""

RANDOM_SPANS = ((0.6237287551108738, 0.6250982793959966), (0.469574666760224, 0.47927872911735586))
"""The least and the greatest cost of the random model at 1000 and at 7000, over six public runs."""

PARAMETERS: tuple[tuple[str, tuple[int, ...], Mapping[str, Table]], ...] = (
    ("zeros", (3, 2, 1), {"W1": ((0, 0, 0), (0, 0, 0)), "b1": ((0,), (0,)), "W2": ((0, 0),), "b2": ((0,),)}),
    (
        "random",
        (3, 2, 1),
        {
            "W1": ((17.88628473, 4.36509851, 0.96497468), (-18.63492703, -2.77388203, -3.54758979)),
            "b1": ((0,), (0,)),
            "W2": ((-0.82741481, -6.27000677),),
            "b2": ((0,),),
        },
    ),
    (
        "he",
        (2, 4, 1),
        {
            "W1": (
                (1.78862847, 0.43650985),
                (0.09649747, -1.8634927),
                (-0.2773882, -0.35475898),
                (-0.08274148, -0.62700068),
            ),
            "b1": ((0,), (0,), (0,), (0,)),
            "W2": ((-0.03098412, -0.33744411, -0.92904268, 0.62552248),),
            "b2": ((0,),),
        },
    ),
    ("he", (3, 1, 2), {"W1": ((1.46040903, 0.3564088, 0.07878985),), "W2": ((-2.63537665,), (-0.39228616,))}),
)
"""What the initializations print for small widths: eight decimals."""

COMPUTED_COSTS: Mapping[str, Mapping[int, float]] = MappingProxyType(
    {
        "zeros": {15_000: 0.6931471805599453},
        "random": {15_000: 0.3810501500074989},
        "he": {15_000: 0.06481018741251142},
        "xavier": {0: 0.7294517038050139, 14_000: 0.1085068914},
    }
)
COMPUTED_ACCURACIES: Mapping[str, tuple[float, float]] = MappingProxyType({"xavier": (0.99, 0.93)})
STABLE_FIRST_COST = 1773.5859549373833
"""The true loss of the random model before the first update, where the course prints inf."""

HALF_ACTIVE = (0.5016666666666667, 0.3993333333333333)
STEP_ZERO: Mapping[str, StepZero] = MappingProxyType(
    {
        "zeros": StepZero(std_z=(0, 0, 0), gradient_norms=(0, 0, 0), dead=(10, 5), active=(0, 0), saturated=0),
        "random": StepZero(
            std_z=(8.86467521724816, 241.18315883194757, 2244.483769631537),
            gradient_norms=(81.22565696725975, 88.35139500837266, 154.8389704709134),
            dead=(0, 1),
            active=HALF_ACTIVE,
            saturated=1,
        ),
        "he": StepZero(
            std_z=(0.8864675217248161, 1.078603876352727, 0.634835877507842),
            gradient_norms=(0.14054788733063303, 0.32403090296303544, 0.4177934922381764),
            dead=(0, 1),
            active=HALF_ACTIVE,
            saturated=0,
        ),
        "xavier": StepZero(
            std_z=(0.6268271959132506, 0.5393019381763635, 0.22444837696315373),
            gradient_norms=(0.03623068126754529, 0.08207245121731954, 0.10452284647521999),
            dead=(0, 1),
            active=HALF_ACTIVE,
            saturated=0,
        ),
    }
)

FIRST_POINTS: Mapping[str, Table] = MappingProxyType(
    {
        "train_X": (
            (-0.07741354010048114, 0.43186959584803564, 0.07916502322979652),
            (0.8526022642742742, -0.8721450395952108, 0.8406610985900007),
        ),
        "test_X": (
            (-0.5242373850862546, -0.8508922630636758, 0.5540839520797971),
            (-0.6091036148461817, -0.5214512721012066, 0.4871108447794652),
        ),
    }
)
"""The first three examples of the data, in columns."""
