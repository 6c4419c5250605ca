"""A live run is the comparison of `initlab compare`, seen on its way: the same numbers, bit for bit."""

import threading

import numpy as np
import pytest

from initlab import compare
from initlab.api.live import watch
from initlab.errors import SpecError
from initlab.render import csv, json

SPECS = (
    {"schemes": "zeros, random, xavier, he", "iterations": 60, "seeds": 2},
    {
        "data": "digits",
        "layers": (8,),
        "activation": "tanh",
        "schemes": "he, zeros",
        "batch_size": 32,
        "iterations": 30,
    },
    {"data": "moons", "schemes": "he, normal(1)", "optimizer": "adam", "keep": 0.8, "iterations": 50, "seeds": 3},
    {"data": "wine", "layers": (5, 5, 5), "schemes": "he, lecun_normal(30)", "learning_rate": 50.0, "iterations": 40},
    {"schemes": "course_xavier, he", "draws": "course", "seed": 3, "iterations": 50},
)


@pytest.mark.parametrize("fields", SPECS, ids=lambda fields: fields.get("data", "circles"))
def test_a_live_run_ends_in_the_very_comparison(fields):
    fields = {"seeds": 1} | fields
    live = watch(**fields, threads=3)
    moments = list(live)
    found, known = live.comparison(), compare(**fields)
    assert csv.curves(found) == csv.curves(known)
    assert json.dumps(json.comparison(found)) == json.dumps(json.comparison(known))
    assert [moment.step for moment in moments] == list(live.steps)


def test_a_moment_holds_the_medians_of_the_curves():
    live = watch(schemes="xavier, he", iterations=30, seeds=3)
    moments = list(live)
    for place, scheme in enumerate(live.comparison().schemes):
        losses = np.array([trial.curve.train_loss for trial in scheme.trials])
        seen = [moment.schemes[place].train_loss for moment in moments]
        assert [spread.median for spread in seen] == np.median(losses, axis=0).tolist()
        assert [spread.high for spread in seen] == losses.max(axis=0).tolist()


def test_a_stopped_run_keeps_what_was_seen_and_counts_no_unfinished_trial():
    stop = threading.Event()
    live = watch(schemes="xavier, he", iterations=2000, seeds=1, stop=stop)
    seen = []
    for moment in live:
        seen.append(moment.step)
        if len(seen) == 5:
            stop.set()
    assert len(seen) == 5
    found = live.comparison()
    assert found.interrupted
    assert not any(scheme.trials for scheme in found.schemes)


def test_a_trial_that_diverges_is_marked_and_the_others_go_on():
    live = watch(preset="exploding-vanishing", schemes="identity, lecun_normal(1.5)", iterations=20, seeds=1)
    last = list(live)[-1]
    assert last.step == 20
    lost = last.schemes[1]
    assert lost.lost == 1
    assert not np.isfinite(lost.train_loss.median)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schemes": "he, glorot_uniform"}, "no constant and not normal, got course for Uniform"),
        ({"schemes": "he", "seed": 2**32}, "must be below 2³²"),
    ],
)
def test_the_course_s_draws_say_what_they_cannot_draw(fields, words):
    with pytest.raises(SpecError, match=words):
        compare(**fields, draws="course", seeds=1, iterations=1)


def test_the_course_preset_gives_the_published_figures():
    """0.5/0.5, 0.83/0.86, 0.9933/0.96; the cost after 15,000 updates to the ninth digit."""
    found = {scheme.scheme: scheme for scheme in compare(preset="course-circles").schemes}
    scores = {name: (each.train_accuracy.median, each.test_accuracy.median) for name, each in found.items()}
    assert scores["zeros"] == (0.5, 0.5)
    assert scores["random"] == pytest.approx((0.83, 0.86))
    assert scores["he"] == pytest.approx((298 / 300, 0.96))
    assert scores["course_xavier"] == pytest.approx((0.99, 0.93))
    assert found["he"].final_loss.median == pytest.approx(0.06481018741251147, rel=1e-9)
