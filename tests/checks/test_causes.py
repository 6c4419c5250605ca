"""Which finding is told first: the cause, with every error below it, and a remedy that does what its words say."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

import initlab
from initlab.checks import prove
from initlab.checks.fold import folded
from initlab.checks.order import ordered
from initlab.checks.report import Report
from initlab.render import check as render
from initlab.rules import Finding, Remedy
from initlab.rules.evidence import carries, critical, scales
from initlab.trace import Op, Pass, Trace


def mlp(*, depth=4, width=128, act=nn.ReLU, he=False):
    torch.manual_seed(0)
    sizes = [32, *[width] * depth]
    layers = [layer for n, m in pairwise(sizes) for layer in (nn.Linear(n, m), act())]
    model = nn.Sequential(*layers, nn.Linear(width, 10))
    for layer in model[:-1:2] if he else ():
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu"), nn.init.zeros_(layer.bias)
    return model


def finding(rule, path, severity="warning", *, weights=(), limit=1.0, measured=2.0):
    return Finding(
        rule=rule, path=path, severity=severity, weights=weights, measured=measured, limit=limit, formula="f",
        cause="It is so.", remedy=Remedy(words="Mend it."), name="n",
    )  # fmt: skip


def chain(*names):
    """A trace of operations, each fed by the one before."""
    ops = tuple(
        Op(name=name, kind="linear", function="linear", units=4, rows=4, examples=4, weights=(f"{name}.weight",),
           inputs=(place - 1,) if place else ())
        for place, name in enumerate(names)
    )  # fmt: skip
    return Trace(framework="torch", weights=(), passes=(Pass(loss=1.0, ops=ops, gradients={}),))


def explained(cause, effect):
    found = ordered([effect, cause], chain("a", "b", "c"))
    return {each.rule: each.explained_by for each in found}[effect.rule] != ""


@pytest.mark.parametrize(
    ("cause", "effect", "so"),
    [
        (finding("W071", "a.weight"), finding("W031", "b.weight", "error", limit=3), True),
        (finding("W071", "c.weight"), finding("W031", "b.weight", "error", limit=3), False),
        (finding("W031", "c.weight", "error"), finding("W010", "a.weight", "error", limit=0), True),
        (finding("W030", "a.weight"), finding("W062", "b.weight"), True),
        (finding("W030", "a.weight"), finding("W063", "b.weight", "error"), False),
        (finding("W030", "a.weight"), finding("W060", "b.weight", weights=("a", "b", "c")), False),
        (finding("W060", "b.weight", weights=("a", "b", "c")), finding("W030", "a.weight"), True),
        (finding("W040", "a.weight", measured=0.01, limit=0.05), finding("W010", "a.weight", "error", limit=0), False),
        (finding("W040", "a.weight", measured=1e-9, limit=0.05), finding("W010", "a.weight", "error", limit=0), True),
        (finding("W071", "a.weight"), finding("W050", "c.weight", weights=("c.weight",)), False),
        (finding("W001", "c.weight", "error"), finding("W030", "a.weight"), True),
        (finding("W066", "b.weight", limit=0, measured=0), finding("W060", "a.weight", "error"), True),
    ],
)
def test_a_cause_is_as_grave_upstream_and_large_enough(cause, effect, so):
    assert explained(cause, effect) is so


def test_the_causes_of_errors_come_first():
    told = ordered(
        [finding("W071", "c.weight"), finding("W031", "a.weight", "error"), finding("W052", "b", "info")],
        chain("a", "b", "c"),
    )
    assert [each.rule for each in told] == ["W031", "W071", "W052"]


def test_what_is_said_of_many_is_said_once():
    told = folded([finding("W072", name) for name in "abc"] + [finding("W050", "d"), finding("W072", "e", "error")])
    assert [(each.rule, each.path) for each in told] == [("W072", "a"), ("W050", "d"), ("W072", "e")]
    assert told[0].cause == "It is so. The same holds of b and c."
    assert told[0].weights == ("a", "b", "c")


def test_deep_torch_defaults_are_all_layers_and_he_clears_them():
    found = initlab.check(mlp(depth=20), input="32x32", prove=True)
    first = found.findings[0]
    assert (first.severity, first.rule) == ("error", "W066")
    assert "0.41" in first.cause
    assert "std=0.125" in first.code
    assert first.cleared


def test_every_error_is_shown_with_its_number_limit_and_remedy():
    model = mlp(depth=20)
    nn.init.uniform_(model[0].weight)
    found = initlab.check(model, input="32x32")
    page = str(found)
    assert found.errors
    for error in found.errors:
        block = page[page.index(f"{error.rule} {error.name}  {error.path}") :]
        assert block.startswith(f"{error.rule} {error.name}")
        assert "Measured" in block.split("Remedy:")[0]
    assert page.count("\nerror ") == len(found.errors)


@pytest.mark.parametrize("act", [nn.ReLU, nn.Tanh])
def test_a_scale_is_that_of_the_activation_and_not_of_peers_at_fault(act):
    model = mlp(act=act)
    for layer in model[::2]:
        nn.init.constant_(layer.weight, 0.05)
    found = initlab.check(model, input="32x32")
    exec(found.findings[0].code, {"model": model, "nn": nn, "torch": torch})
    wanted = {"ReLU": math.sqrt(2), "Tanh": 1.593}[act.__name__]
    for layer in model[:-1:2]:
        assert layer.weight.std().item() * layer.in_features**0.5 == pytest.approx(wanted, rel=0.05)


def test_where_no_draw_can_help_there_is_no_code():
    found = initlab.check(mlp(depth=8, act=nn.Sigmoid), input="32x32")
    first = found.findings[0]
    assert first.rule == "W066"
    assert "No draw" in first.remedy.words
    assert not first.code
    assert [carries(name) for name in ("relu", "tanh", "gelu", "sigmoid", "softplus")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_tanh_is_set_on_its_critical_line():
    trace = initlab.check(mlp(act=nn.Tanh), input="32x32").trace
    law = critical(scales(trace)[0]).law
    assert type(law).__name__ == "Orthogonal"
    assert law.gain == pytest.approx(1.0)


def test_layers_that_are_out_alike_are_named_together():
    model = mlp(act=nn.Tanh)
    for layer in model[::2]:
        nn.init.normal_(layer.weight)
    found = initlab.check(model, input="32x32")
    assert "All layers" in found.findings[0].cause
    assert len(found.findings[0].weights) == 5
    assert sum(not each.explained_by for each in found.findings if each.counts) == 1


def test_a_matrix_of_zeros_is_named_as_such():
    for he in (True, False):
        model = mlp(he=he)
        nn.init.zeros_(model[2].weight)
        first = initlab.check(model, input="32x32", prove=True).findings[0]
        assert first.path == "2.weight"
        assert "2.weight is all zero" in first.cause
        assert first.cleared


@pytest.mark.parametrize(
    ("left", "cleared", "remains"),
    [
        ([], True, ""),
        ([finding("W060", "a", weights=("a", "b"))], False, ""),
        ([finding("W060", "z")], False, ""),
        ([finding("W063", "z", "error")], False, ""),
        ([finding("W030", "z")], True, "W030 n (z)"),
        ([finding("W001", "z", "error")], False, ""),
    ],
)
def test_a_remedy_clears_what_it_explains_or_says_what_remains(monkeypatch, left, cleared, remains):
    trace = chain("a", "b")
    cause = replace(finding("W060", "a", "error", weights=("a", "b")), code="pass")
    given = [cause, finding("W063", "b", "error", weights=("a", "b")), finding("W030", "b")]
    before = Report(findings=ordered(given, trace), rules=(), trace=trace)
    monkeypatch.setattr(prove, "apply", lambda *_, **__: Report(findings=tuple(left), rules=(), trace=trace))
    first = prove.proven(before, lambda code: code, lambda model: trace).findings[0]
    assert (first.cleared, first.remains) == (cleared, remains)


def test_states_are_counted_in_one_order_and_say_how_many_accuse():
    found = initlab.check(mlp(depth=20), input="32x32")
    words = render.states(found)
    assert words.startswith(f"{len(found.rules)} rules: 3 fired (2 of them accuse), ")
    assert words.index("passed") < words.index("not applicable")


@pytest.mark.parametrize("share", [1.0, 0.01])
def test_numbers_that_are_not_finite_in_the_batch_are_named_first(share):
    batch = torch.randn(16, 32)
    batch[torch.rand(16, 32, generator=torch.Generator().manual_seed(0)) <= share] = float("nan")
    found = initlab.check(mlp(), batch)
    assert (found.findings[0].rule, found.findings[0].path) == ("W001", "batch")
    assert all(each.explained_by == "W001 batch" for each in found.findings[1:] if each.counts)


def normalised(shift, last=nn.ReLU):
    model = nn.Sequential(nn.Linear(32, 32), nn.LayerNorm(32), last(), nn.Linear(32, 4))
    nn.init.constant_(model[1].bias, shift)
    return model


@pytest.mark.parametrize("shift", [4.0, -10.0, 30.0])
def test_a_shift_that_drowns_what_was_normalised_is_named_first_and_set_to_zero(shift):
    first = initlab.check(normalised(shift), torch.randn(64, 32), prove=True).findings[0]
    assert (first.rule, first.path, first.cleared) == ("W076", "1.bias", True)


@pytest.mark.parametrize("model", [normalised(0.0), normalised(2.0), normalised(-4.0, nn.Sigmoid)])
def test_a_small_shift_and_one_of_a_gate_are_left_alone(model):
    assert "W076" not in {each.rule for each in initlab.check(model, torch.randn(64, 32)).findings}


def test_a_frozen_shift_and_a_closed_gain_are_left_alone():
    frozen, closed = normalised(10.0), normalised(10.0)
    frozen[1].bias.requires_grad_(False)
    nn.init.zeros_(closed[1].weight)
    for model in (frozen, closed):
        assert "W076" not in {each.rule for each in initlab.check(model, torch.randn(64, 32)).findings}


def bounded(bias, last, scale=1.0):
    class Actor(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.head, self.last = nn.Linear(32, 64), nn.Linear(64, 4), last()
            with torch.no_grad():
                self.head.bias[-1] = bias

        def forward(self, x):
            return self.last(self.head(torch.relu(self.fc(x))) * scale)

    torch.manual_seed(0)
    return Actor()


def saturated(model, loss="mse"):
    batch = torch.randn(64, 32), torch.rand(64, 4)
    found = initlab.check(model, batch, loss, prove=True).findings
    return [(each.path, each.cleared) for each in found if each.rule == "W040"]


@pytest.mark.parametrize(("last", "bound"), [(nn.Tanh, 9.0), (nn.Sigmoid, 18.0)])
def test_a_bias_that_holds_one_output_at_its_end_is_named(last, bound):
    assert saturated(bounded(bound, last)) == [("head.bias", True)]
    assert saturated(bounded(-bound, last)) == [("head.bias", True)]
    assert saturated(bounded(bound - 1, last)) == []
    assert saturated(bounded(bound, last, scale=0.1)) == []


def test_a_loss_that_takes_the_slope_out_again_needs_none():
    assert saturated(bounded(60.0, nn.Identity), "bce") == []
    assert saturated(bounded(60.0, nn.Sigmoid), nn.functional.binary_cross_entropy) == []


def with_statistics(variance, *, evaluated):
    model = nn.Sequential(nn.Linear(32, 32), nn.BatchNorm1d(32, affine=False), nn.ReLU(), nn.Linear(32, 4))
    model[1].running_var.copy_(variance)
    model[1].train(not evaluated)
    return model


def test_a_running_variance_of_zero_in_eval_mode_is_named_and_reset():
    model = with_statistics(torch.zeros(32), evaluated=True)
    first = initlab.check(model, torch.randn(64, 32), prove=True).findings[0]
    assert (first.rule, first.path, first.cleared) == ("W077", "1", True)
    assert not model[1].training
    assert not model[1].running_var.any()


@pytest.mark.parametrize(
    ("variance", "evaluated"),
    [(torch.zeros(32), False), (torch.ones(32), True), ((torch.arange(32) % 2).float(), True)],
)
def test_statistics_of_the_batch_and_a_few_dead_units_are_left_alone(variance, evaluated):
    found = initlab.check(with_statistics(variance, evaluated=evaluated), torch.randn(64, 32))
    assert "W077" not in {each.rule for each in found.findings}


BYTES = torch.randint(0, 256, (64, 32), generator=torch.Generator().manual_seed(0)).float()
LABELS = torch.arange(64) % 10


def first_of(model, x, y, loss=None):
    found = initlab.check(model, (x, y), loss).findings[0]
    return found.rule, found.path


def test_inputs_that_are_not_normalised_are_to_blame_and_not_the_weights():
    assert first_of(mlp(he=True), BYTES, LABELS) == ("W050", "batch")
    assert first_of(mlp(depth=1, act=nn.Tanh), BYTES, LABELS) == ("W040", "batch")
    report = initlab.check(mlp(he=True), (BYTES, LABELS))
    assert "mean 126 and standard deviation 71.8" in report.findings[0].cause
    assert not report.findings[0].code


def test_a_layer_that_is_further_out_than_the_inputs_and_a_norm_before_the_weights_are_seen():
    model = mlp(he=True)
    nn.init.normal_(model[8].weight, std=100.0)
    assert first_of(model, BYTES, LABELS)[1] == "8.weight"
    normed = nn.Sequential(nn.BatchNorm1d(32), *mlp(he=True))
    assert not initlab.check(normed, (BYTES, LABELS)).warnings
    nn.init.normal_(normed[-1].weight, std=5.0)
    assert first_of(normed, BYTES, LABELS)[1] == "9.weight"


def test_targets_far_out_of_reach_are_to_blame_and_a_mean_far_from_zero_is_told():
    torch.manual_seed(0)
    x, y = torch.randn(64, 32), torch.randn(64, 10)
    assert first_of(mlp(he=True), x, 1e6 * y, "mse") == ("W060", "targets")
    offset = initlab.check(mlp(he=True), (x, y + 500), "mse", prove=True)
    told = next(each for each in offset.notes if each.rule == "W052")
    assert (told.path, told.severity) == ("8.bias", "info")
    assert told.measured == pytest.approx(1.0, abs=0.01)
    assert "W052" not in {each.rule for each in initlab.check(mlp(he=True), (x, y), "mse").findings}


def closed(*, bent_last):
    """Convolutions whose every norm has a gain of zero; the ReLU after the norm, or before it."""
    torch.manual_seed(0)
    block = [nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()]
    parts = [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), *block]
    model = nn.Sequential(*parts, nn.Flatten(), nn.Linear(8 * 64, 4))
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.zeros_(layer.weight)
    if bent_last:
        nn.init.zeros_(model[3].weight)
    return model


@pytest.mark.parametrize("bent_last", [False, True])
def test_every_closed_norm_is_opened_with_what_is_zero_beside_it(bent_last):
    batch = torch.randn(16, 3, 8, 8), torch.arange(16) % 4
    first = initlab.check(closed(bent_last=bent_last), batch, prove=True).findings[0]
    assert (first.rule, first.cleared) == ("W010", True)
    assert first.code.count("weight") >= 2 + bent_last


def test_all_zeros_on_the_only_way_are_drawn():
    model = mlp(he=True)
    nn.init.zeros_(model[4].weight), nn.init.zeros_(model[6].weight)
    first = initlab.check(model, (torch.randn(64, 32), LABELS), prove=True).findings[0]
    assert (first.rule, first.cleared) == ("W010", True)


def test_a_remedy_in_half_precision_is_one_that_runs():
    torch.manual_seed(0)
    layers = [layer for _ in range(6) for layer in (nn.Linear(32, 32), nn.Tanh())]
    model = nn.Sequential(*layers, nn.Linear(32, 4)).half()
    with torch.no_grad():
        for layer in model[::2]:
            layer.weight.div_(30)
    batch = torch.randn(64, 32).half(), torch.arange(64) % 4
    roots = [each for each in initlab.check(model, batch, prove=True).findings if each.counts and not each.explained_by]
    assert all("orthogonal" not in each.code for each in roots)
    assert roots[0].cleared
