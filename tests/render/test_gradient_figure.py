"""The figure of a gradient check shows what is wrong, however many blocks there are, and says what it leaves out."""

import numpy as np

import initlab
from initlab.render.figures import gradient_law

PARAMETERS = {f"p{place}": np.full(3, 0.5 + place) for place in range(14)}


def cost(p):
    return float(sum(np.sum(np.sin(value)) for value in p.values()))


def gradients(p):
    return {name: np.cos(value) * (2 if name == "p9" else 1) for name, value in p.items()}


def words(figure):
    panels = figure.axes
    lines = [line.get_label() for line in panels[0].lines if not line.get_label().startswith("_")]
    return lines, figure.texts[0].get_text(), [axes.get_title(loc="left") for axes in panels]


def test_the_wrong_block_is_among_those_shown():
    lines, head, titles = words(gradient_law.draw(initlab.gradcheck(cost, gradients, PARAMETERS)))
    assert lines[0] == "p9: WRONG, off by 0.5"
    assert len(lines) == 12 + 1
    assert head == "WRONG: p9: factor 2"
    assert "12 of 14 blocks" in titles[0]
    assert "blocks that failed" in titles[1]


def test_every_entry_of_right_blocks_is_called_an_entry():
    few = {name: PARAMETERS[name] for name in ("p0", "p1")}
    lines, _, titles = words(gradient_law.draw(initlab.gradcheck(cost, gradients, few, every=True)))
    assert lines == ["p0: PASS", "p1: PASS", "the slopes +2 and −1"]
    assert "blocks" not in titles[0]
    assert "failed" not in titles[1]


def test_a_cost_that_is_random_gets_its_reason_for_a_figure():
    draw = np.random.default_rng(0).normal
    found = initlab.gradcheck(lambda p: float(p["w"].sum() + draw()), lambda p: {"w": np.ones(2)}, {"w": np.ones(2)})
    figure = gradient_law.draw(found)
    assert figure.texts[0].get_text().startswith("NONDETERMINISTIC")
    assert "at the same parameters" in " ".join(figure.axes[0].texts[0].get_text().split())
