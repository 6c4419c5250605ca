"""Running and summarising: the same result whatever the threads, failures named, nothing lost when interrupted."""

import numpy as np
import pytest

from initlab.experiments.problem import bind
from initlab.experiments.run import checkpoints, run
from initlab.experiments.spec import Experiment
from initlab.experiments.spread import spread
from initlab.experiments.summary import summarise
from initlab.network import reference
from initlab.network.initialize import initialize
from initlab.render import csv, json

SMALL = Experiment(schemes="zeros, random, he", seeds=3, iterations=60, learning_rate=0.1)


def compared(experiment, **options):
    problem = bind(experiment)
    return summarise(problem, run(problem, **options))


def text_of(result):
    return json.dumps(json.comparison(result)) + csv.curves(result)


def test_the_thread_count_changes_no_byte():
    assert len({text_of(compared(SMALL, threads=threads)) for threads in (1, 2, 5)}) == 1


def test_another_seed_changes_the_draws_and_not_the_zeros():
    first, second = (compared(SMALL.model_copy(update={"seed": seed})) for seed in (0, 100))
    assert first.schemes[2].final_loss != second.schemes[2].final_loss
    assert first.schemes[0].final_loss == second.schemes[0].final_loss


def test_a_trial_is_the_reference_trained_from_the_same_draw():
    problem = bind(SMALL)
    trial = run(problem).results[-1]
    choice = SMALL.choices[2]
    theta = initialize(problem.net, choice, seed=2)
    theta = reference.train(problem.net, theta, problem.x, problem.y, SMALL.recipe, steps=60, seed=2)
    assert (trial.scheme, trial.seed) == ("he", 2)
    assert trial.final_loss == pytest.approx(reference.loss(problem.net, theta, problem.x, problem.y), rel=1e-9)


def test_checkpoints_begin_at_zero_end_at_the_end_and_never_repeat():
    for iterations in (1, 2, 7, 100, 15_000, 10**6):
        marks = checkpoints(iterations)
        assert marks[0] == 0
        assert marks[-1] == iterations
        assert (np.diff(marks) > 0).all()
    assert set(range(0, 15_001, 1000)) <= set(checkpoints(15_000).tolist())


def test_zeros_never_break_symmetry_and_are_said_not_to():
    result = compared(Experiment(schemes="zeros, constant(0.5)", seeds=2, iterations=300))
    for scheme in result.schemes:
        assert scheme.stalled == 1
        assert "one distinct unit" in scheme.verdict
        assert all((trial.curve.distinct[:, :-1] == 1).all() for trial in scheme.trials)


def test_divergence_is_a_result():
    experiment = Experiment(
        data="digits", activation="linear", layers=(13, 13), head="linear", schemes="he, zeros", seeds=2,
        iterations=500, learning_rate=50.0,
    )  # fmt: skip
    result = compared(experiment)
    diverged = result.schemes[0]
    assert diverged.diverged == 1
    assert diverged.verdict.startswith("Diverges in 2 of 2 seeds")
    assert diverged.final_loss.median == np.inf
    assert all(trial.curve.iteration[-1] < 500 for trial in diverged.trials)
    assert '"final_loss": "' in text_of(result)  # non-finite numbers are text in strict JSON


def test_a_single_scheme_is_judged_alone():
    result = compared(Experiment(schemes="he", seeds=2, iterations=4000, learning_rate=0.1))
    assert result.schemes[0].verdict.startswith("Learns: test accuracy")


def test_linear_products_are_the_founding_document_s():
    experiment = Experiment(
        data="wine", activation="linear", layers=(13,) * 9, schemes="identity(1.5), identity(0.5), lecun_normal",
        seeds=30, iterations=1,
    )  # fmt: skip
    up, down, gaussian = compared(experiment).products
    assert up.predicted == pytest.approx(1.5**9)
    assert up.measured.median == pytest.approx(1.5**9)
    assert down.measured.median == pytest.approx(0.5**9)
    assert gaussian.predicted == pytest.approx(1)
    low, high = gaussian.band
    assert low < gaussian.measured.median < high


def test_a_spread_leaves_nan_out_and_keeps_infinity():
    assert spread([np.nan, 1.0, np.inf]).high == np.inf
    assert np.isnan(spread([np.nan]).median)
    assert spread([4.0, 1.0, 2.0, 3.0]).median == 2.5


def test_a_perfect_network_on_few_or_uneven_examples_has_learned(tmp_path):
    rows = [f"{i / 40},{int(i >= 36)}" for i in range(40)]
    (tmp_path / "few.csv").write_text("\n".join(["x,y", *rows]))
    experiment = Experiment(
        data=str(tmp_path / "few.csv"), layers=(8,), schemes="he", seeds=3, iterations=3000, learning_rate=0.5
    )
    result = compared(experiment)
    assert result.schemes[0].train_accuracy.median == 1
    assert result.schemes[0].stalled == 0


def test_the_order_of_the_schemes_changes_no_verdict_and_a_diverged_seed_is_worst():
    experiment = Experiment(
        data="digits", activation="linear", head="linear", layers=(13,), schemes="he, random(0.3), random(10)",
        seeds=9, iterations=60, learning_rate=0.05,
    )  # fmt: skip
    turned = experiment.model_copy(update={"schemes": experiment.schemes[::-1]})
    verdicts = [{scheme.scheme: scheme.verdict for scheme in compared(each).schemes} for each in (experiment, turned)]
    assert verdicts[0] == verdicts[1]
    assert not any("nan" in words for words in verdicts[0].values())


def test_products_are_predicted_only_where_the_formula_holds():
    experiment = Experiment(
        data="wine", activation="linear", layers=(13, 13),
        schemes="constant(0.5), copied_rows, noisy_constant(0.5, 0.1), torch_default, orthogonal, he", seeds=1,
        iterations=1,
    )  # fmt: skip
    assert [product.scheme for product in compared(experiment).products] == ["orthogonal", "he"]


def test_units_stay_distinct_when_one_weight_explodes():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(10, 4))
    W[0] *= 1e9
    from initlab.network.measure import distinct_units

    assert distinct_units(W, np.zeros(10)) == 10
