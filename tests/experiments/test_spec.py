"""The experiment as a document: what it accepts, and the one line that anything else gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initlab.documents import read_toml
from initlab.errors import SpecError, UsageError
from initlab.experiments.presets import preset, preset_names
from initlab.experiments.spec import Experiment, experiment

BAD = {
    "iterations": [0, -1, 1.5, "many", True, 10**12, None, float("nan")],
    "seeds": [0, -1, 2.5, "x", 10**9],
    "seed": [-1, 0.5],
    "layers": [[0], [-3], [2.5], ["a"], "a", [10**9], 3, [True]],
    "learning_rate": [0, -0.1, float("nan"), float("inf"), "fast", None],
    "batch_size": [0, -5, 2.5],
    "momentum": [1, -0.1, float("nan")],
    "keep": [0, 1.5, float("nan")],
    "l2": [-1, float("inf")],
    "test_fraction": [0, 1, -0.5],
    "activation": ["rellu", 3],
    "schemes": ["", "he_nromal", "he, he", "he(", 3, [], "constant(nan)", "import os"],
    "optimizer": ["sdg"],
    "head": ["sigmod"],
    "dtype": ["float16"],
    "data": [3],
    "unheard_of": [1],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_a_wrong_field_gets_one_line_that_names_it_or_the_nearest(field, value):
    with pytest.raises(UsageError) as error:
        experiment({field: value})
    message = str(error.value)
    assert "\n" not in message
    assert field in message or "scheme" in message or "Unknown" in message


@given(
    st.dictionaries(st.sampled_from(sorted(Experiment.model_fields)), st.none() | st.floats() | st.text(), max_size=3)
)
def test_whatever_is_written_gives_an_experiment_or_a_usage_error(fields):
    try:
        experiment(fields)
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_the_defaults_are_the_course_s():
    default = Experiment()
    assert (default.data, default.layers, default.activation) == ("circles", (10, 5), "relu")
    assert (default.learning_rate, default.iterations, default.seeds) == (0.01, 15_000, 20)
    assert default.schemes == ("zeros", "random", "xavier", "he")


def test_a_toml_file_says_the_same(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text('layers = [4]\nschemes = ["he", "random(3)"]\nlearning_rate = 1\n')
    assert experiment(read_toml(path, what="experiment")) == Experiment(
        layers=(4,), schemes="he, random(3)", learning_rate=1.0
    )


@pytest.mark.parametrize("content", [b"layers = [", b"\xff\xfe", b"= 3"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "spec.toml"
    path.write_bytes(content)
    with pytest.raises(SpecError, match="must be valid TOML"):
        read_toml(path, what="experiment")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpecError, match="must be a readable file"):
        read_toml(tmp_path / "none.toml", what="experiment")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_an_experiment_with_its_two_sentences(name):
    found = experiment(preset(name))
    assert found.title
    assert found.about.count(".") >= 2
