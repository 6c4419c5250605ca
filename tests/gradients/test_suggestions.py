"""A suggested line can be pasted: in the user's own convention it mends the program; where none is known, none is."""

import numpy as np
import pytest

from initlab import gradcheck

M, LAM = 7, 0.7
DRAWS = np.random.default_rng(0)
X = DRAWS.normal(size=(4, M))
LABELS = np.eye(3)[:, DRAWS.integers(3, size=M)]
TARGETS = DRAWS.normal(size=(3, M))
PARAMETERS = {"W1": DRAWS.normal(size=(5, 4)), "b1": DRAWS.normal(size=(5, 1)),
              "W2": DRAWS.normal(size=(3, 5)), "b2": DRAWS.normal(size=(3, 1))}  # fmt: skip
DECAY = {1: " + lam / m * W1", 2: " + lam / m * W2"}


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def forward(p, Y):
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    Z2 = p["W2"] @ A1 + p["b2"]
    return {**p, "X": X, "Y": Y, "A1": A1, "Z2": Z2, "m": M, "lam": LAM, "np": np}


def crossed(p):
    found = forward(p, LABELS)
    penalty = LAM / (2 * M) * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
    return {**found, "A2": softmax(found["Z2"])}, -np.sum(LABELS * np.log(softmax(found["Z2"]))) / M + penalty


def squared(p):
    """np.mean over the outputs too, and no L2 term."""
    found = forward(p, TARGETS)
    return {**found, "A2": found["Z2"]}, np.mean((found["Z2"] - found["Y"]) ** 2)


def program(*, start, mean, decay):
    dW1, dW2 = DECAY[1] * decay, DECAY[2] * decay
    return {
        "dZ2": start,
        "dW2": f"dZ2 @ A1.T{mean}{dW2}",
        "db2": f"np.sum(dZ2, axis=1, keepdims=True){mean}",
        "dA1": "W2.T @ dZ2",
        "dZ1": "dA1 * (1 - A1**2)",
        "dW1": f"dZ1 @ X.T{mean}{dW1}",
        "db1": f"np.sum(dZ1, axis=1, keepdims=True){mean}",
    }


PROGRAMS = {
    "mean in each block": (crossed, program(start="A2 - Y", mean=" / m", decay=True)),
    "mean at the start": (crossed, program(start="(A2 - Y) / m", mean="", decay=True)),
    "mean over the outputs": (squared, program(start="2 * (A2 - Y) / A2.size", mean="", decay=False)),
}
SPOILED = {
    "twice": lambda line: f"2 * ({line})",
    "minus": lambda line: f"-({line})",
    "mean missing": lambda line: line.replace(" / m", "", 1),
    "mean twice": lambda line: f"({line}) / m",
}


def report_of(cost, lines, *, shown):
    def gradients(p):
        seen = cost(p)[0]
        for name, text in lines.items():
            seen[name] = eval(text, {}, seen)
        return {name: seen[name] for name in lines if shown or name[1] != "Z"}

    return gradcheck(lambda p: cost(p)[1], gradients, PARAMETERS, data=None, m=M, lam=LAM)


def pasted(lines, name, line):
    """The line as its remark says it is to be read in this program."""
    text, _, remark = line.partition("  # ")
    target, _, text = text.partition(" = ")
    assert target == name
    early = " / m" in lines["dZ2"]
    if remark.startswith("no / m") and early:
        text = text.replace(" / m", "", 1)
    if remark.startswith("/ m here") and early:
        text = f"({text}) / m"
    return {**lines, name: text}


@pytest.mark.parametrize("shown", [False, True], ids=["", "dZ returned"])
@pytest.mark.parametrize("name", ["dZ2", "dW2", "db2", "dW1", "db1"])
@pytest.mark.parametrize("slip", SPOILED)
@pytest.mark.parametrize("convention", PROGRAMS)
def test_the_line_mends_the_program(convention, slip, name, shown):
    cost, lines = PROGRAMS[convention]
    spoiled = {**lines, name: SPOILED[slip](lines[name])}
    if spoiled == lines:
        return
    report = report_of(cost, spoiled, shown=shown)
    assert report.verdict == "WRONG"
    (mistake,) = report.mistakes
    assert mistake.line is not None
    mended = pasted(lines, name, mistake.line)
    assert report_of(cost, mended, shown=False).verdict == "PASS"
    if shown and name != "dZ2":
        assert "no / m" not in mistake.line


def test_what_is_no_known_network_gets_no_line():
    """Summed log cosh: no mean is anywhere, whatever the names are."""

    def cost(p):
        return float(np.sum(np.log(np.cosh(forward(p, LABELS)["Z2"] - LABELS))))

    lines = program(start="np.tanh(Z2 - Y)", mean="", decay=False)
    lines["dW2"] = f"2 * {lines['dW2']}"
    (mistake,) = report_of(lambda p: (forward(p, LABELS), cost(p)), lines, shown=False).mistakes
    assert (mistake.site, mistake.text, mistake.line) == ("W2", "factor 2", None)


@pytest.mark.parametrize(
    ("factor", "cause"),
    [(2.0, "literal_factor"), (0.0075, "literal_factor"), (8**0.5, "literal_factor"), (10.561234, None)],
)
def test_a_factor_that_no_one_writes_is_no_name(factor, cause):
    x = DRAWS.normal(size=(3, 4))
    report = gradcheck(
        lambda p: float(np.sum(np.sin(p["u"] * x))), lambda p: {"u": factor * x * np.cos(p["u"] * x)}, {"u": x + 1.0}
    )
    assert [m.cause for m in report.mistakes] == [cause]
    assert ("no simple number" in report.mistakes[0].text) == (cause is None)


@pytest.mark.parametrize("by", [-0.3, -0.15, 0.3])
def test_a_multiple_of_the_weights_is_the_l2_term_though_lam_is_not_stated(by):
    w = {"kernel": DRAWS.normal(size=(4, 4))}
    report = gradcheck(
        lambda p: float(np.sum(np.sin(p["kernel"])) + 0.15 * np.sum(p["kernel"] ** 2)),
        lambda p: {"kernel": np.cos(p["kernel"]) + (0.3 + by) * p["kernel"]},
        w,
    )
    assert [m.cause for m in report.mistakes] == ["l2_misscaled"]
    assert f"off by {by:g} W" in report.mistakes[0].text


def test_a_bias_that_is_regularized_though_lam_is_not_stated():
    p = {"v": DRAWS.normal(size=5), "w": DRAWS.normal(size=(4, 5))}
    report = gradcheck(
        lambda p: float(np.sum(np.sin(p["w"] @ p["v"]))),
        lambda p: {
            "v": p["w"].T @ np.cos(p["w"] @ p["v"]) + 0.1 * p["v"],
            "w": np.outer(np.cos(p["w"] @ p["v"]), p["v"]),
        },
        p,
    )
    assert [(m.site, m.cause) for m in report.mistakes] == [("v", "l2_on_bias")]


def test_a_parameter_that_the_cost_ignores_has_no_l2_term():
    b = {"bias": DRAWS.normal(size=3), "w": DRAWS.normal(size=4)}
    report = gradcheck(
        lambda p: float(np.sum(np.sin(p["w"]))),
        lambda p: {"bias": np.array([1.0, -2.0, 0.5]), "w": 0.9 * np.cos(p["w"])},
        b,
    )
    assert "l2_misscaled" not in [m.cause for m in report.mistakes]
