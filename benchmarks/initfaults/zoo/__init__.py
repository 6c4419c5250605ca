"""Every healthy network, those made to test the rules last. Faults are put into `hosts`, which training can judge."""

from benchmarks.initfaults.net import Half, Net
from benchmarks.initfaults.zoo.convolutional import CONVOLUTIONAL
from benchmarks.initfaults.zoo.fresh import FRESH
from benchmarks.initfaults.zoo.language import LANGUAGE
from benchmarks.initfaults.zoo.last import LAST
from benchmarks.initfaults.zoo.late import LATE
from benchmarks.initfaults.zoo.perceptrons import PERCEPTRONS
from benchmarks.initfaults.zoo.residual import RESIDUAL
from benchmarks.initfaults.zoo.sequence import SEQUENCE
from benchmarks.initfaults.zoo.tasks import TASKS
from benchmarks.initfaults.zoo.vision import VISION

OLDER = (*PERCEPTRONS, *RESIDUAL, *CONVOLUTIONAL, *SEQUENCE, *TASKS, *VISION, *LANGUAGE)
NETS: tuple[Net, ...] = (*OLDER, *FRESH, *LATE, *LAST)
BY_NAME = {net.name: net for net in NETS}


def nets(half: Half | None = None) -> list[Net]:
    return [net for net in NETS if half in (None, net.half)]


def hosts(half: Half | None = None) -> list[Net]:
    return [net for net in nets(half) if net.sites]
