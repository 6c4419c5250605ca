"""The late networks: made after `fresh` was looked at, by a hand that did not see the rules; all families are new."""

from dataclasses import replace

from benchmarks.initfaults.net import Net
from benchmarks.initfaults.zoo.late.adapted import ADAPTED
from benchmarks.initfaults.zoo.late.choices import CHOICES
from benchmarks.initfaults.zoo.late.decoders import DECODERS
from benchmarks.initfaults.zoo.late.generative import GENERATIVE
from benchmarks.initfaults.zoo.late.geometry import GEOMETRY
from benchmarks.initfaults.zoo.late.library import LIBRARY
from benchmarks.initfaults.zoo.late.maps import MAPS
from benchmarks.initfaults.zoo.late.metric import METRIC
from benchmarks.initfaults.zoo.late.parametrised import PARAMETRISED
from benchmarks.initfaults.zoo.late.pictures import PICTURES
from benchmarks.initfaults.zoo.late.recurrent import RECURRENT
from benchmarks.initfaults.zoo.late.states import STATES
from benchmarks.initfaults.zoo.late.tables import TABLES

GROUPS = (
    TABLES, PARAMETRISED, CHOICES, PICTURES, MAPS, RECURRENT, STATES, DECODERS, GENERATIVE, GEOMETRY, METRIC, ADAPTED,
    LIBRARY,
)  # fmt: skip
LATE: tuple[Net, ...] = tuple(replace(net, part="late") for group in GROUPS for net in group)
