"""A check on paper: the text keeps to the width, the code stays whole, the page hides nothing and asks for nothing."""

import re

import pytest
from safetensors.torch import save_file
from torch import nn

import initlab
from initlab.api.check import check_file
from initlab.render import check as render
from initlab.render.text import printed


@pytest.fixture(scope="module")
def deep():
    """A tanh network whose inputs become one: one cause with effects, and a remedy for many weights."""
    layers = [layer for _ in range(40) for layer in (nn.Linear(32, 32), nn.Tanh())]
    model = nn.Sequential(*layers, nn.Linear(32, 4))
    for layer in model[::2]:
        nn.init.constant_(layer.bias, 0.3)
        nn.init.orthogonal_(layer.weight, gain=0.3)
    return initlab.check(model)


@pytest.mark.parametrize("width", [60, 100])
def test_prose_keeps_to_the_width_and_code_stays_whole(deep, width):
    lines = printed(render.text(deep), width=width).splitlines()
    code = [line.strip() for finding in deep.findings for line in finding.code.splitlines()]
    assert all(len(line) <= width for line in lines if line.strip() not in code)
    finding = deep.findings[0]
    assert finding.code.count("\n") > 4
    assert set(map(str.strip, finding.code.splitlines())) <= set(map(str.strip, lines))
    compile(finding.code, "remedy", "exec")


def test_the_page_tells_each_finding_with_its_remedy(deep, tmp_path):
    page = deep.save(tmp_path / "report.html").read_text(encoding="utf-8")
    accusing = [finding for finding in deep.findings if finding.counts]
    assert any(finding.explained_by for finding in accusing)
    assert page.count("<article") == len(accusing)
    assert page.count("Remedy:</strong>") == len(accusing)


def test_the_page_has_a_bar_a_layer_and_the_numbers_in_a_table(deep, tmp_path):
    page = deep.save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<g><title>") == 2 * 41
    assert page.count('<th scope="row"><code>') == 41
    assert "<script" not in page
    assert not re.search(r'(src|href)="|url\(|@import', page)


def test_a_page_of_weights_alone_draws_no_signal(tmp_path):
    save_file(nn.Linear(8, 8).state_dict(), tmp_path / "w.safetensors")
    page = check_file(tmp_path / "w.safetensors").save(tmp_path / "w.html").read_text(encoding="utf-8")
    assert "layer by layer" not in page
    assert "No rule accuses." in page
