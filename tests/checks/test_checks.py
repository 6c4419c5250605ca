"""The check as a whole: states, order, proof, files, and where people are."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import initlab
from initlab.api.check import check_file
from initlab.checks.run import apply
from initlab.errors import DataError, SpecError
from initlab.rules import RULES
from initlab.torch import callbacks


def network(*, constant=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    if constant:
        for parameter in model.parameters():
            nn.init.constant_(parameter, 0.1)
    return model


def test_each_rule_ends_in_one_state_and_one_that_breaks_hides_no_other(monkeypatch):
    def broken(trace):
        raise ZeroDivisionError("no")
        yield

    healthy = initlab.check(network(constant=True))
    object.__setattr__(rule := RULES["W021"], "function", broken)
    try:
        found = initlab.check(network(constant=True))
    finally:
        object.__setattr__(
            rule, "function", __import__("initlab.rules.forward.degenerate", fromlist=["x"]).degenerate_forward
        )
    assert [outcome.rule for outcome in found.rules] == list(RULES)
    states = {outcome.rule: outcome.state for outcome in found.rules}
    assert states["W021"] == "errored"
    assert "ZeroDivisionError" in next(each.reason for each in found.rules if each.rule == "W021")
    assert "broke down" in str(found)
    assert not found.healthy
    assert {each.rule for each in healthy.findings} - {"W021"} <= {each.rule for each in found.findings} | {"W011"}


def test_causes_stand_above_their_effects():
    model = network()
    with torch.no_grad():
        model[0].weight[0, 0] = float("nan")
    found = [finding for finding in initlab.check(model).findings if finding.counts]
    assert (found[0].rule, found[0].path) == ("W001", "0.weight")
    assert all(finding.explained_by == "W001 0.weight" for finding in found[1:])


def test_a_remedy_is_tried_on_a_copy():
    model = network(constant=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = initlab.check(model, prove=True).findings[0]
    assert (found.rule, found.cleared) == ("W020", True)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    names = {"model": model, "nn": nn, "torch": torch}
    exec(found.code, names)
    assert not initlab.check(model).errors


def test_thresholds_can_be_set():
    assert initlab.check(network(), thresholds={"exploding": {"limit": 1e-3}}).errors
    with pytest.raises(SpecError, match="among limit"):
        initlab.check(network(), thresholds={"exploding": {"limits": 1}})


def test_assert_healthy_says_what_is_wrong():
    initlab.assert_healthy(network())
    with pytest.raises(AssertionError, match="W020 symmetric-units"):
        initlab.assert_healthy(network(constant=True))


def test_the_report_is_written_in_three_forms(tmp_path):
    found = initlab.check(network(constant=True), prove=True)
    page = found.save(tmp_path / "a.html", source="m.py:f").read_text()
    assert "symmetric-units" in page
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
    sarif = json.loads(found.save(tmp_path / "a.sarif", source="m.py:f").read_text())
    result = sarif["runs"][0]["results"][0]
    assert (result["ruleId"], result["level"]) == ("W020", "error")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "m.py"
    assert {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]} == set(RULES)
    assert json.loads(found.save(tmp_path / "a.json").read_text())["schema"] == "initlab/check/1"
    with pytest.raises(SpecError, match="must end in"):
        found.save(tmp_path / "a.txt")
    assert "symmetric" in found._repr_html_()


def test_weights_alone_are_checked(tmp_path):
    from safetensors.torch import save_file

    model = nn.Sequential(nn.Linear(16, 16), nn.LayerNorm(16), nn.Linear(16, 16))
    with torch.no_grad():
        model[1].weight.normal_(std=0.02)
        model[2].weight.copy_(model[0].weight)
        model[0].bias[3] = float("inf")
    names = {"0": "fc", "1": "norm", "2": "out"}
    save_file(
        {f"{names[k[0]]}{k[1:]}": v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "w.safetensors"
    )
    found = check_file(tmp_path / "w.safetensors")
    assert {"W001", "W070", "W073"} <= {finding.rule for finding in found.findings}
    assert {outcome.state for outcome in found.rules} >= {"fired", "passed", "not applicable"}
    assert "weights alone" in str(found)
    with pytest.raises(DataError, match="pickle runs code"):
        check_file(tmp_path / "w.pt")


def test_the_lightning_callback_stops_a_broken_network():
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def training_step(self, batch, index):
            loss = nn.functional.cross_entropy(self.model(batch[0]), batch[1])
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    data = torch.utils.data.TensorDataset(torch.randn(32, 8), torch.arange(32) % 4)
    loader = torch.utils.data.DataLoader(data, 16)

    def fit(model):
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", callbacks=[callbacks.lightning()], logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        trainer.fit(Module(model), loader)

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit(network())
        with pytest.raises(AssertionError, match=r"W020 symmetric-units\s+model\.0\.weight"):
            fit(network(constant=True))


def test_the_lightning_callback_lets_go_on_what_it_cannot_check(capsys):
    lightning = pytest.importorskip("lightning.pytorch")

    class Manual(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model, self.automatic_optimization, self.steps = nn.Linear(8, 4), False, 0

        def training_step(self, batch, index):
            self.steps += 1
            self.manual_backward(nn.functional.cross_entropy(self.model(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    class Skips(Manual):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = True

        def training_step(self, batch, index):
            self.steps += 1

    data = torch.utils.data.TensorDataset(torch.randn(32, 8), torch.arange(32) % 4)
    import warnings

    for module, why in ((Manual(), "optimizer's steps itself"), (Skips(), "was not checked at step zero")):
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", callbacks=[callbacks.lightning()], logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(module, torch.utils.data.DataLoader(data, 16))
        assert why in capsys.readouterr().err
        assert module.steps >= 2


def test_the_transformers_callback_checks_the_first_batch():
    from transformers import TrainerControl, TrainerState, TrainingArguments

    class Model(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x, labels):
            logits = self.model(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    rows = [{"x": torch.randn(8), "labels": torch.tensor(k % 4)} for k in range(32)]
    loader = torch.utils.data.DataLoader(rows, 16)
    callback = callbacks.transformers()
    given = {"args": None, "state": TrainerState(), "control": TrainerControl(), "train_dataloader": loader}
    assert TrainingArguments is not None
    callback.on_train_begin(model=Model(network()), **given)
    with pytest.raises(AssertionError, match="W020"):
        callback.on_train_begin(model=Model(network(constant=True)), **given)


def test_a_trace_of_no_passes_is_judged_by_its_weights():
    from initlab.numerics.matrix import measures
    from initlab.trace import Trace, Weight

    weight = Weight(name="w", shape=(8, 8), dtype="float64", **measures(np.ones((8, 8)) * np.arange(1, 9)))
    found = apply(Trace(framework="file", weights=(weight,)))
    assert [each.rule for each in found.findings if each.counts] == ["W071", "W072"]
