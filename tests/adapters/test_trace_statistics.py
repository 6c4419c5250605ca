"""What is read of a part only is what reading all would give: exactly where it is a count, else to a stated error."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from initlab.adapters.torch import trace_statistics as statistics
from initlab.adapters.torch.trace import trace
from initlab.adapters.torch.trace_weights import rank
from initlab.adapters.trace_record import Record, finished

SHAPES = {
    "picture": ((8, 40, 24, 24), 1),
    "tokens": ((6, 700, 48), -1),
    "rows": ((900, 64), -1),
    "tall": ((2, 3000), -1),
}


def laid(name, change=lambda z: z):
    torch.manual_seed(0)
    shape, axis = SHAPES[name]
    return statistics.laid(change(torch.randn(shape)), axis, shape[0])


def classes(z, back):
    """Distinct, nonzero, alike and moved, as the recorder takes them, and from all rows."""
    found = []
    for differs in (statistics.differ(z, 2.0**-23), False):
        record = Record(
            place=0, site="", kind="linear", function="linear", units=z.units, rows=z.rows, examples=1, dtype="float32",
            epsilon=2.0**-23, differs=differs, sketch=None if differs else statistics.sketch(z),
        )  # fmt: skip
        record.moved = statistics.moved(back) if differs else None
        record.received(None if differs else statistics.sketch(back), torch.linalg.vector_norm(back.values))
        (op,) = finished([record])
        found.append((op.distinct, op.nonzero, op.alike, op.moved))
    return found


def units(z, places, value):
    """The same with some units set to a value, or to those of the unit 0."""
    new = z.values.clone()
    by_unit = new.movedim(1 if z.channels else 2, 0)
    by_unit[list(places)] = by_unit[0] if value is None else value
    return statistics.Laid(new, z.channels)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("places", "value"), [((), 0.0), ((3,), None), ((5, 9, 20), None), ((1, 2), 0.0)])
def test_units_are_told_apart_on_a_few_rows_as_on_all(name, places, value):
    z = units(laid(name), places, value)
    for back in (z, units(z, (7,), 0.0), statistics.Laid(torch.zeros_like(z.values), z.channels)):
        few, whole = classes(z, back)
        assert few == whole
    assert classes(z, z)[0][0] == z.units - len(places), "copies, and zeros, are not distinct"


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(SHAPES)), row=st.integers(0, 10**6), unit=st.integers(0, 39))
def test_a_unit_that_is_dead_but_for_one_row_is_alive(name, row, unit):
    z = units(laid(name, torch.abs), (unit,), -1.0)
    assert statistics.one_sided(z, z.few) == {"dead": 1, "lit": z.units - 1}
    line = z.values.movedim(1 if z.channels else 2, 0)[unit]
    line[row // line.shape[1] % line.shape[0], row % line.shape[1]] = 1.0
    assert statistics.one_sided(z, z.few) == {"dead": 0, "lit": z.units - 1}
    assert statistics.moved(units(z, (unit,), 0.0)) == z.units - 1


@pytest.mark.parametrize("name", SHAPES)
def test_moments_of_a_sample_are_those_of_all_to_two_per_cent(name):
    z = laid(name, lambda z: 3 * z + 0.5)
    found = statistics.moments(z)
    assert found["std"] == pytest.approx(float(z.values.std()), rel=0.02)
    assert found["square"] == pytest.approx(float(z.values.square().mean()), rel=0.02)
    assert found["largest"] == float(z.values.abs().max())


def test_one_number_that_is_not_finite_is_seen_wherever_it_is():
    z = laid("picture")
    z.values[3, 17, 101] = float("nan")
    assert statistics.moments(z)["finite"] == pytest.approx(1 - 1 / z.values.numel())


@pytest.mark.parametrize(("rows", "columns", "kept"), [(24, 64, 5), (100, 400, 20), (300, 200, 60), (1000, 512, 3)])
def test_a_low_rank_is_counted_and_a_full_one_is_not(rows, columns, kept):
    torch.manual_seed(0)
    full, low = torch.randn(rows, columns), torch.randn(rows, kept) @ torch.randn(kept, columns)
    assert rank(full, float(full.square().sum())) is None
    assert rank(low, float(low.square().sum())) == kept
    torch.manual_seed(1)
    copied = torch.randn(1, columns).repeat(rows, 1)
    assert rank(copied, float(copied.square().sum())) == 1


def test_the_last_pass_looks_again_only_where_something_was_amiss():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    assert trace(model).last.ops == ()
    with torch.no_grad():
        model[2].weight[1], model[2].bias[1] = model[2].weight[0], model[2].bias[0]
        model[4].weight[:, 1] = model[4].weight[:, 0]
    found = trace(model)
    assert found.first.ops[2].alike == 2
    assert {op.name: op.alike for op in found.last.ops} == {"0": None, "1": None, "2": 2, "3": None, "4": None}
