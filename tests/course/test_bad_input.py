"""What cannot be done is said in one line that names what, got what, do what."""

import numpy as np
import pytest

from initlab import course
from initlab.errors import DataError, SpecError, UnknownNameError, UsageError

X, Y = np.eye(2), np.array([[0, 1]])
HE = course.initialize_parameters_he([2, 10, 5, 1])


def train(**given):
    return course.model(**{"X": X, "Y": Y, "num_iterations": 1, "print_cost": False, **given})


def without(name):
    return {key: value for key, value in HE.items() if key != name}


CASES = {
    "misspelt initialization": (lambda: train(initialization="hee"), UnknownNameError, "'he'"),
    "no name at all": (lambda: train(initialization=None), UnknownNameError, "None"),
    "a list for a name": (lambda: train(initialization=["he"]), UnknownNameError, "he"),
    "zero width": (lambda: course.initialize_parameters_he([2, 0, 1]), SpecError, "got 0"),
    "negative width": (lambda: course.initialize_parameters_zeros([2, -3, 1]), SpecError, "got -3"),
    "fractional width": (lambda: course.initialize_parameters_he([2, 1.5, 1]), SpecError, "1.5"),
    "boolean width": (lambda: course.initialize_parameters_he([2, True, 1]), SpecError, "True"),
    "absurd width": (lambda: course.initialize_parameters_he([2, 10**12, 1]), SpecError, "65536"),
    "absurd size": (lambda: course.initialize_parameters_he([60_000, 60_000, 1]), SpecError, "at most"),
    "one width": (lambda: course.initialize_parameters_he([2]), SpecError, "layers"),
    "a number for widths": (lambda: course.initialize_parameters_he(2), SpecError, "got 2"),
    "text for widths": (lambda: course.initialize_parameters_he("2-1"), SpecError, "2-1"),
    "negative seed": (lambda: course.initialize_parameters_he([2, 1], seed=-1), SpecError, "got -1"),
    "fractional seed": (lambda: train(seed=0.5), SpecError, "0.5"),
    "zero rate": (lambda: train(learning_rate=0), SpecError, "got 0"),
    "negative rate": (lambda: train(learning_rate=-0.1), SpecError, "-0.1"),
    "rate that is NaN": (lambda: train(learning_rate=float("nan")), SpecError, "nan"),
    "rate that is text": (lambda: train(learning_rate="fast"), SpecError, "fast"),
    "rate that is nothing": (lambda: train(learning_rate=None), SpecError, "None"),
    "fractional iterations": (lambda: train(num_iterations=1.5), SpecError, "1.5"),
    "negative iterations": (lambda: train(num_iterations=-1), SpecError, "-1"),
    "examples in rows": (lambda: train(X=np.ones((5, 2)), Y=np.ones((5, 1))), DataError, "(1, 2)"),
    "flat labels": (lambda: train(Y=[0, 1]), DataError, "(2,)"),
    "label 2": (lambda: train(Y=[[0, 2]]), DataError, "got 2"),
    "text in X": (lambda: train(X=[["a", "b"]]), DataError, "numbers"),
    "NaN in X": (lambda: train(X=[[np.nan, 1.0]]), DataError, "nan"),
    "X of three dimensions": (lambda: train(X=np.ones((2, 2, 2))), DataError, "(2, 2, 2)"),
    "no examples": (lambda: train(X=np.ones((2, 0)), Y=np.ones((1, 0))), DataError, "(2, 0)"),
    "ragged X": (lambda: train(X=[[1, 2], [3]]), DataError, "X"),
    "parameter missing": (lambda: course.forward_propagation(X, without("W3")), DataError, "W3"),
    "X of other features": (lambda: course.forward_propagation(np.ones((3, 4)), HE), DataError, "(3, 4)"),
    "labels of other shape": (lambda: course.compute_loss(np.ones((1, 3)), np.ones(3)), DataError, "(3,)"),
    "prediction of others": (lambda: course.predict(X, [[1]], HE), DataError, "(1, 1)"),
    "plane of three": (lambda: course.plot_decision_boundary(lambda p: p, np.ones((3, 4)), Y), DataError, "(3, 4)"),
    "seeds": (lambda: course.reproduce(seeds=-1), SpecError, "-1"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_that_teaches(case):
    call, kind, words = CASES[case]
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert isinstance(caught.value, UsageError)
    assert words in message
    assert "\n" not in message
