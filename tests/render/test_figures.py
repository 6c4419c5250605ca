"""Every picture, of every comparison: it draws without a warning, and what it draws is what was found."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initlab.errors import OutputError
from initlab.experiments.result import Comparison
from initlab.render import figures
from initlab.render.figures.bands import over_seeds
from initlab.render.figures.style import house_style
from initlab.render.palette import COLOURS, GLYPHS, MARKERS, colour, marker

Make = Callable[[str], Comparison]


def named(figure: Figure, start: str) -> dict[str, object]:
    """The artists of a figure whose gid begins with those words, by the rest of it."""
    found: dict[str, object] = {}
    for artist in figure.findobj(lambda artist: (artist.get_gid() or "").startswith(start)):
        found.setdefault(artist.get_gid().removeprefix(start), artist)
    return found


def test_every_figure_draws_every_comparison_without_a_warning(odd: Comparison) -> None:
    for name in figures.applicable(odd):
        with house_style():
            figures.FIGURES[name](odd).draw_without_rendering()
        assert figures.FIGURES[name].words(odd).endswith(".")


@pytest.mark.parametrize("name", ["eight schemes", "hostile names"])
def test_nothing_is_cut_off_at_the_edges(made: Make, name: str) -> None:
    for picture in [figures.FIGURES[each] for each in figures.applicable(made(name))]:
        figure = picture(made(name))
        with house_style():
            figure.get_layout_engine().execute(figure)
            tight = figure.get_tightbbox()
        assert min(tight.x0, tight.y0) >= -0.05
        assert tight.x1 <= figure.get_figwidth() + 0.05
        assert tight.y1 <= figure.get_figheight() + 0.05


def test_a_picture_is_a_png_file(made: Make) -> None:
    assert all(image.startswith(b"\x89PNG") for image in figures.pngs(made("hostile names")).values())


def test_what_applies_depends_on_what_there_is(made: Make) -> None:
    assert figures.applicable(made("usual")) == ("loss", "boundaries", "signal", "distinct")
    assert figures.applicable(made("regression")) == ("loss", "signal", "distinct")
    assert figures.applicable(made("no hidden layer")) == ("loss", "boundaries", "signal")
    assert "products" in figures.applicable(made("products"))
    assert figures.applicable(made("nothing finished")) == ()


@pytest.mark.parametrize("name", ["usual", "partly lost", "eight schemes", "nine schemes", "interrupted"])
def test_there_is_one_loss_curve_for_each_finished_scheme_in_its_own_colour(made: Make, name: str) -> None:
    comparison = made(name)
    lines = named(figures.FIGURES["loss"](comparison), "train: ")
    finished = [entry.scheme for entry in comparison.schemes if entry.trials]
    assert list(lines) == finished
    for place, entry in enumerate(comparison.schemes):
        if entry.trials:
            assert (lines[entry.scheme].get_color(), lines[entry.scheme].get_marker()) == (colour(place), marker(place))


def test_the_loss_curve_is_the_median_over_the_seeds(made: Make) -> None:
    comparison = made("usual")
    lines = named(figures.FIGURES["loss"](comparison), "train: ")
    for entry in comparison.schemes:
        table = [trial.curve.train_loss for trial in entry.trials]
        np.testing.assert_allclose(lines[entry.scheme].get_ydata(), np.median(table, axis=0))
        np.testing.assert_array_equal(lines[entry.scheme].get_xdata(), entry.trials[0].curve.iteration)


def test_every_seed_that_stops_being_finite_is_crossed_in_the_upper_strip(made: Make) -> None:
    figure = figures.FIGURES["loss"](made("partly lost"))
    crosses = named(figure, "not finite: ")
    assert set(crosses) == {"he", "random(100)"}
    np.testing.assert_array_equal(crosses["random(100)"].get_xdata(), [10, 1000])
    axes = crosses["he"].axes
    strip = next(patch for patch in axes.patches if patch.get_gid() == "strip: not finite")
    low, high = strip.get_y(), strip.get_y() + strip.get_height()
    assert all(low < y < high for each in crosses.values() for y in each.get_ydata())
    assert np.isclose(high, axes.get_ylim()[1])
    assert "2 of 3 not finite" not in [text.get_text() for text in axes.texts]
    assert "random(100)\n3 of 3 not finite" in [text.get_text() for text in axes.texts]


def test_nothing_is_marked_as_not_finite_when_everything_is(made: Make) -> None:
    for picture in figures.FIGURES.values():
        if picture.applies(made("usual")):
            drawn = picture(made("usual"))
            assert not named(drawn, "not finite: ")
            assert "not finite" not in named(drawn, "strip: ")


def test_a_seed_that_diverged_stays_infinite_and_one_that_finished_keeps_its_value(made: Make) -> None:
    band = over_seeds(made("partly lost").schemes[0].trials, lambda curve: curve.train_loss)
    assert band.x[-1] == 15000
    assert band.lost.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert np.isinf(band.high[-1])
    assert np.isfinite(band.median).all()


def test_huge_losses_share_the_strip_so_that_the_others_stay_apart(made: Make) -> None:
    figure = figures.FIGURES["loss"](made("extreme numbers"))
    assert "off scale" in named(figure, "strip: ")


def test_the_signal_strip_shows_the_median_at_every_layer_and_marks_zeros(made: Make) -> None:
    comparison = made("usual")
    figure = figures.FIGURES["signal"](comparison)
    lines = named(figure, "forward at step zero: ")
    assert list(lines) == ["zeros", "random", "xavier", "he"]
    table = [[layer.forward_std for layer in trial.start.layers] for trial in comparison.schemes[1].trials]
    np.testing.assert_allclose(lines["random"].get_ydata(), np.median(table, axis=0))
    axes = lines["zeros"].axes
    strip = next(patch for patch in axes.patches if patch.get_gid() == "strip: zero")
    assert all(strip.get_y() < y < strip.get_y() + strip.get_height() for y in lines["zeros"].get_ydata())


def test_equal_counts_are_drawn_apart_but_keep_their_data(made: Make) -> None:
    comparison = made("usual")
    figure = figures.FIGURES["distinct"](comparison)
    figure.draw_without_rendering()
    first = named(figure, "layer 1: ")
    assert list(first) == ["zeros", "random", "xavier", "he"]
    assert set(first["zeros"].get_ydata()) == {1}
    assert set(first["random"].get_ydata()) == set(first["xavier"].get_ydata()) == {10}
    heights = [line.get_transform().transform((0.0, 10.0))[1] for line in (first["random"], first["xavier"])]
    assert heights[1] - heights[0] > 2


def test_a_boundary_shows_the_networks_answers_and_says_whose_they_are(made: Make) -> None:
    comparison = made("usual")
    figure = figures.FIGURES["boundaries"](comparison)
    answers = named(figure, "answer: ")
    assert list(answers) == [each.scheme for each in comparison.boundaries]
    np.testing.assert_array_equal(answers["he"].get_array(), comparison.boundaries[3].values)
    assert answers["he"].axes.get_title(loc="left") == "he\nseed 0: train 98 %, test 96 %"


def test_predicted_and_measured_growth_stand_one_above_the_other(made: Make) -> None:
    comparison = made("products")
    figure = figures.FIGURES["products"](comparison)
    predicted, measured = named(figure, "predicted: "), named(figure, "measured: ")
    for product in comparison.products[:3]:
        assert predicted[product.scheme].get_xdata()[0] == pytest.approx(product.predicted)
        assert measured[product.scheme].get_xdata()[0] == pytest.approx(product.measured.median)


def test_a_scheme_looks_the_same_in_every_figure(made: Make) -> None:
    comparison = made("usual")
    lines = [
        named(figures.FIGURES["loss"](comparison), "train: "),
        named(figures.FIGURES["distinct"](comparison), "layer 1: "),
    ]
    for scheme in ("zeros", "random", "xavier", "he"):
        assert len({(each[scheme].get_color(), each[scheme].get_marker()) for each in lines}) == 1


def test_eighty_eight_schemes_look_different() -> None:
    assert len({(colour(place), marker(place)) for place in range(88)}) == 88
    assert len(GLYPHS) == len(MARKERS) == len(set(MARKERS))
    assert len(COLOURS) == len(set(COLOURS))


def test_labels_are_drawn_as_they_stand_and_never_as_formulas(made: Make) -> None:
    figure = figures.FIGURES["signal"](made("hostile names"))
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == ['<script>alert("x")</script> \\$\\alpha_b\\$ & "é"', " _hidden"]


def test_matplotlibs_settings_are_left_alone_and_ignored(made: Make) -> None:
    comparison = made("one scheme, one seed")
    plain = figures.png(figures.FIGURES["distinct"](comparison))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        before = dict(mpl.rcParams)
        assert figures.png(figures.FIGURES["distinct"](comparison)) == plain
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", ["loss", "boundaries", "signal", "distinct", "products"])
def test_the_axes_are_named(made: Make, name: str) -> None:
    panels = [axes for axes in figures.FIGURES[name](made("products")).findobj(Axes) if axes.get_visible()]
    assert any(axes.get_xlabel() for axes in panels)
    assert any(axes.get_ylabel() or axes.get_yticklabels() for axes in panels)


def test_files_appear_whole_or_not_at_all(made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = figures.save(made("no hidden layer"), tmp_path)
    assert [path.name for path in written] == ["loss.png", "boundaries.png", "signal.png"]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    before = written[0].read_bytes()

    def refuse(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    monkeypatch.setattr(figures, "pngs", lambda comparison: {"loss": b"another picture"})
    with pytest.raises(OutputError, match="No space left"):
        figures.save(made("no hidden layer"), tmp_path)
    assert written[0].read_bytes() == before
    assert sorted(tmp_path.iterdir()) == sorted(written)
