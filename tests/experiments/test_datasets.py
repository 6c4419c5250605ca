"""The data sets: the course's circles to the last digit, laws for the others, and files that cannot serve."""

import numpy as np
import pytest

from initlab.errors import DataError, UnknownNameError
from initlab.experiments.datasets import NAMES, circles, load, scaled
from initlab.experiments.files import read_file
from initlab.experiments.problem import bind
from initlab.experiments.spec import Experiment


def test_the_circles_are_the_course_s():
    data = circles()
    # published check values of the course's load_dataset, transposed
    expected = [[-0.07741354010048114, 0.8526022642742742], [0.43186959584803564, -0.8721450395952108]]
    np.testing.assert_array_equal(data.train.x[:2], expected)
    np.testing.assert_array_equal(data.test.x[0], [-0.5242373850862546, -0.6091036148461817])
    assert "".join(map(str, data.train.y[:20])) == "10110010111010000110"
    assert (data.train.x.shape, data.test.x.shape) == ((300, 2), (100, 2))


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_can_be_learned_from(name):
    data = load(name, target=None, seed=0, test_fraction=0.25)
    total = len(data.train.x) + len(data.test.x)
    assert len(data.test.x) == pytest.approx(total / 4, abs=len(data.train.classes))
    assert np.isfinite(data.train.x).all()
    shares = [np.bincount(table.y, minlength=len(table.classes)) / len(table.y) for table in (data.train, data.test)]
    np.testing.assert_allclose(shares[0], shares[1], atol=0.03)
    again = load(name, target=None, seed=0, test_fraction=0.25)
    np.testing.assert_array_equal(data.train.x, again.train.x)


@pytest.mark.parametrize("name", ["moons", "blobs", "xor", "spirals", "digits"])
def test_another_data_seed_gives_other_data(name):
    first, second = (load(name, target=None, seed=seed, test_fraction=0.25) for seed in (0, 1))
    assert not np.array_equal(first.train.x, second.train.x)


def test_scaling_uses_the_training_set_alone():
    data = load("wine", target=None, seed=0, test_fraction=0.25)
    train, test = scaled(data)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(axis=0), 1)
    assert np.abs(test.mean(axis=0)).max() > 1e-3


def test_an_unknown_data_set_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'circles'"):
        load("circle", target=None, seed=0, test_fraction=0.25)


def csv_of(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


def test_a_csv_file_is_read_with_its_target(tmp_path):
    path = csv_of(tmp_path, "a,kind,b\n1,cat,2\n3,dog,4\n5,cat,6\n")
    table = read_file(path, "kind")
    np.testing.assert_array_equal(table.x, [[1, 2], [3, 4], [5, 6]])
    assert table.classes == ("cat", "dog")
    assert table.y.tolist() == [0, 1, 0]
    assert read_file(csv_of(tmp_path, "1,2,0\n3,4,1\n"), None).classes == ("0", "1")
    assert read_file(csv_of(tmp_path, "x,y\n1,0.5\n2,0.25\n"), None).classes == ()
    assert len(read_file(csv_of(tmp_path, "1990,2000,cls\n1,2,0\n3,4,1\n"), None).y) == 2
    assert read_file(csv_of(tmp_path, "1,2,a\n3,4,b\n"), None).classes == ("a", "b")


def test_an_npz_file_is_read(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, X=np.ones((4, 3)), y=np.array([0, 1, 1, 0]))
    assert read_file(path, None).classes == ("0", "1")


BAD_CSV = {
    "": "must have at least two rows, got 0",
    "x,y\n1,2\n": "",
    "x,y\n1,2\nabc,3\n": "Row 3, column 'x' of .* must be a finite number, got 'abc'",
    "x,y\n1,2\nnan,3\n": "must be a finite number, got 'nan'",
    "x,y\n1,2\n,3\n": "must be a finite number, got ''",
    "x,y\n1,2\n3\n": "Row 3 of .* must have 2 cells, got 1",
    "x,y\n1,2\n3,4\n5,6\n7,\n": "got '' among numbers",
    "x,y\n1,2\n3,inf\n": "must be finite",
    "x,y\n1,0\n2,1\n3,1\n4,?\n": "must be all numbers or all names, got '\\?' among numbers",
    "y\n1\n2\n": "must have a feature and a target column",
}


@pytest.mark.parametrize("text", [text for text, message in BAD_CSV.items() if message])
def test_a_csv_file_that_cannot_serve_is_refused_with_its_row_and_column(tmp_path, text):
    with pytest.raises(DataError, match=BAD_CSV[text]) as error:
        read_file(csv_of(tmp_path, text), None)
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(DataError, match="must be readable, got: No such file"):
        read_file(tmp_path / "none.csv", None)
    with pytest.raises(DataError, match="must be readable"):
        read_file(tmp_path, None)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(128, 256)))
    with pytest.raises(DataError, match="must be a CSV file"):
        read_file(binary, None)
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match="must be a NPZ file"):
        read_file(broken, None)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, X=np.array([[{}]], dtype=object), y=np.array([1]))
    with pytest.raises(DataError, match="must be a NPZ file"):
        read_file(pickled, None)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"Z": np.ones(3)}, "must hold arrays X and y, got Z"),
        ({"X": np.ones(3), "y": np.ones(3)}, r"X of .* must be \(examples, features\)"),
        ({"X": np.ones((3, 2)), "y": np.ones(4)}, r"must be \(examples, features\)"),
        ({"X": np.full((3, 2), np.nan), "y": np.ones(3)}, "must hold finite real numbers"),
        ({"X": np.array([["a"], ["b"]]), "y": np.ones(2)}, "must hold finite real numbers"),
    ],
)
def test_npz_arrays_that_do_not_fit_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read_file(tmp_path / "data.npz", None)


HEADS = {
    "one class only": ("x,y\n1,7\n2,7\n3,7\n4,7\n", {}, "two classes or more, got only '7'"),
    "sigmoid with three": ("x,y\n1,a\n2,b\n3,c\n1,a\n2,b\n3,c\n", {"head": "sigmoid"}, "Use softmax"),
    "softmax with reals": ("x,y\n1,.5\n2,.25\n3,.75\n4,.1\n", {"head": "softmax"}, "Use linear"),
    "linear with text": ("x,y\n1,a\n2,b\n3,a\n4,b\n", {"head": "linear"}, "must have numbers as targets"),
    "no column of that name": ("x,y\n1,a\n2,b\n", {"target": "z"}, "one of its columns x, y, got 'z'"),
}


@pytest.mark.parametrize("case", HEADS)
def test_labels_that_do_not_fit_the_head_are_refused(tmp_path, case):
    text, options, message = HEADS[case]
    path = csv_of(tmp_path, text)
    with pytest.raises(DataError, match=message):
        bind(Experiment(data=str(path), test_fraction=0.5, **options))


def test_numbers_as_classes_can_be_a_regression(tmp_path):
    path = csv_of(tmp_path, "x,y\n1,1\n2,2\n3,3\n4,4\n5,1\n6,2\n7,3\n8,4\n")
    assert bind(Experiment(data=str(path), test_fraction=0.5)).net.head == "softmax"
    problem = bind(Experiment(data=str(path), test_fraction=0.5, head="linear"))
    assert problem.net.head == "linear"
    assert problem.y.mean() == pytest.approx(0)
    assert problem.facts.chance_loss == pytest.approx(0.5)  # half the variance of a scaled target
