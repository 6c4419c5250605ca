"""The probe: a batch and a start on which mistakes show, and show apart."""

import numpy as np
import pytest

from initlab.gradients.probe import Probe, design, fingerprints, twins
from initlab.gradients.probe import _trial as trial
from initlab.network.architecture import Architecture

NETWORKS = [
    Architecture(widths=(4, 5, 3, 1)),
    Architecture(widths=(3, 4, 2), activation="tanh", head="softmax"),
    Architecture(widths=(2, 6, 6, 3), activation="sigmoid", head="linear"),
]


@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda each: each.label)
def test_mistakes_show_and_show_apart(architecture):
    found = design(architecture)
    assert found.visible + len(found.unseen) == found.mistakes
    assert found.visible >= 0.99 * found.mistakes
    assert len(found.alike) <= 0.01 * found.mistakes
    assert found.m not in architecture.widths


def test_what_returns_the_same_numbers_on_any_batch_counts_as_no_confusion():
    """A sign lost in W3.T and one lost in dZ2 are one and the same program."""
    found: Probe = design(NETWORKS[0])
    net, _, _ = trial(NETWORKS[0], found.m, lam=found.lam, keep=found.keep, seed=0, draw=0)
    pairs = twins(fingerprints(net))
    assert any({each.split()[0] for each in pair} == {"backward_weights", "sign"} for pair in pairs)
    assert not any({each.split()[0] for each in pair} == {"backward_weights", "sign"} for pair in found.alike)


def test_one_example_hides_what_a_mean_would_show():
    found = design(NETWORKS[0])
    shares = {each.start: each.share for each in found.hidden}
    assert shares["one example"] > 0.4
    assert shares["zeros"] > max(share for start, share in shares.items() if start != "zeros")
    assert np.isfinite(list(shares.values())).all()
