"""The last networks: made after the rules were frozen for the last time, by a hand that did not see them; all new."""

from dataclasses import replace

from benchmarks.initfaults.net import Net
from benchmarks.initfaults.zoo.last.library import LIBRARY
from benchmarks.initfaults.zoo.last.pictures import PICTURES
from benchmarks.initfaults.zoo.last.sequences import SEQUENCES
from benchmarks.initfaults.zoo.last.tables import TABLES

GROUPS = (TABLES, PICTURES, SEQUENCES, LIBRARY)
LAST: tuple[Net, ...] = tuple(replace(net, part="last") for group in GROUPS for net in group)
