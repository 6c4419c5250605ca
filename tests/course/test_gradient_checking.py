"""The course's exercise on gradient checking: its figures, its functions, and what initlab says of the same code."""

import json

import numpy as np
import pytest

from initlab import course
from initlab.cli.main import run
from initlab.course.gradient_reproduction import CASES, ONE_DIMENSIONAL, reproduce_gradient_checks
from initlab.errors import DataError, SpecError, UnknownNameError


@pytest.fixture(scope="module")
def checks():
    return reproduce_gradient_checks()


def test_every_published_figure_is_reproduced(checks):
    assert checks.reproduced
    assert [check.published for check in checks.checks] == [
        *(published for *_, published in ONE_DIMENSIONAL),
        *(published for _, _, published, _ in CASES),
    ]
    assert checks.checks[2].here == pytest.approx(0.2850931567761623, rel=1e-12)


def test_the_course_rejects_its_own_right_answer_and_initlab_does_not(checks):
    mended = checks.checks[-1]
    assert mended.course_verdict == "mistake"
    assert mended.report.verdict == "PASS"
    assert max(block.resolution for block in mended.report.blocks) < 1e-8


def test_both_planted_bugs_are_named(checks):
    found = {(m.site, m.text) for m in checks.checks[2].report.mistakes}
    assert found == {("W2", "factor 2"), ("b1", "factor 4")}
    assert [m.site for m in checks.checks[3].report.mistakes] == ["W2"]
    assert [m.site for m in checks.checks[4].report.mistakes] == ["b1"]


def test_twenty_of_the_entries_cannot_be_tested(checks):
    assert all((check.report.tested, check.report.total) == (27, 47) for check in checks.checks[2:])
    tested = {block.name: (block.tested, block.total) for block in checks.checks[-1].report.blocks}
    assert tested["W2"] == (4, 15)
    assert tested["b2"] == (1, 3)
    assert tested["W3"] == (1, 3)


def test_messages(capsys):
    X, Y, parameters = course.gradient_check_n_test_case()
    _, cache = course.forward_propagation_n(X, Y, parameters)
    course.gradient_check_n(parameters, course.backward_propagation_n(X, Y, cache, bugs=["dW2"]), X, Y, print_msg=True)
    course.gradient_check(3, 4, print_msg=True)
    out = capsys.readouterr().out
    assert "There is a mistake in the backward propagation! difference = 0.1734" in out
    assert "works perfectly fine! difference = 7.814075313343006e-11" in out


def test_vectors_and_dictionaries_are_inverse():
    _, _, parameters = course.gradient_check_n_test_case()
    theta, keys = course.dictionary_to_vector(parameters)
    assert len(keys) == len(theta) == 47
    assert keys[:20] == ["W1"] * 20
    back = course.vector_to_dictionary(theta)
    assert theta.shape == (47, 1)
    assert all(np.array_equal(back[name], value) for name, value in parameters.items())


def test_bad_input():
    X, Y, parameters = course.gradient_check_n_test_case()
    _, cache = course.forward_propagation_n(X, Y, parameters)
    gradients = course.backward_propagation_n(X, Y, cache)
    with pytest.raises(UnknownNameError, match="Did you mean 'dW2'"):
        course.backward_propagation_n(X, Y, cache, bugs=["dW"])
    with pytest.raises(SpecError, match="epsilon"):
        course.gradient_check_n(parameters, gradients, X, Y, epsilon=0)
    with pytest.raises(DataError, match=r"dW1 must have the shape of W1, \(5, 4\), got \(4, 5\)"):
        course.gradient_check_n(parameters, {**gradients, "dW1": gradients["dW1"].T}, X, Y)
    del gradients["db3"]
    with pytest.raises(DataError, match="b3"):
        course.gradient_check_n(parameters, gradients, X, Y)


def test_the_command(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["course", "gradcheck"]) == 0
    out = capsys.readouterr().out
    for words in ("0.2850931568", "1.189091302e-07", "W2: factor 2", "b1: factor 4", "27 of 47", "debugging only"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_document(capsys):
    assert run(["course", "gradcheck", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["schema"] == "initlab/course-gradcheck/1"
    assert found["reproduced"] is True
    assert [check["verdict"] for check in found["checks"]] == ["reproduced"] * 6
