"""The fresh networks: none of their families stands in the older halves, and no rule was ever written beside them."""

from dataclasses import replace

from benchmarks.initfaults.net import Net
from benchmarks.initfaults.zoo.fresh.adapted import ADAPTED
from benchmarks.initfaults.zoo.fresh.attention import ATTENTION
from benchmarks.initfaults.zoo.fresh.generative import GENERATIVE
from benchmarks.initfaults.zoo.fresh.geometry import GEOMETRY
from benchmarks.initfaults.zoo.fresh.images import IMAGES
from benchmarks.initfaults.zoo.fresh.library import LIBRARY
from benchmarks.initfaults.zoo.fresh.sequences import SEQUENCES
from benchmarks.initfaults.zoo.fresh.tables import TABLES

FRESH: tuple[Net, ...] = tuple(
    replace(net, part="fresh")
    for net in (*TABLES, *IMAGES, *SEQUENCES, *ATTENTION, *GENERATIVE, *GEOMETRY, *ADAPTED, *LIBRARY)
)
