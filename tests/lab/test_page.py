"""The page in a real browser: what a person sees, reads, presses and hears; nothing from elsewhere, nothing broken.

The data tables behind the charts are the oracle. INITLAB_SCREENSHOTS=FOLDER writes the pictures of the docs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from initlab import compare

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("no chromium on this machine: apt-get install chromium", allow_module_level=True)

ARGS = [
    f"--{switch}"
    for switch in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync",
    )
]  # fmt: skip
SECONDS = 60_000
REFUSED = "http://127.0.0.1:1/"
"""What one test asks for, to see the policy refuse it."""

SCREENSHOTS = os.environ.get("INITLAB_SCREENSHOTS")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield launched
        launched.close()


@pytest.fixture
def tab(browser, lab):
    """Open tabs; whatever one asks of another host, or complains of, fails the test."""
    wrong, contexts = [], []

    def open_tab(address="", *, base=lab.url, width=1280, height=900, expect=(), before=None, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SECONDS)
        page.add_init_script(
            "window.violations = [];"
            "document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective));"
        )
        page.on("request", lambda request: outside(request.url, base) and wrong.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: complaint(message, expect) and wrong.append(message.text))
        if before:
            before(page)
        page.goto(f"{base}/{address}")
        return page

    def outside(url, base):
        return not url.startswith((base, REFUSED, "data:", "blob:", "about:"))

    def complaint(message, expect):
        return message.type in ("error", "warning") and not any(words in message.text for words in expect)

    yield open_tab
    for context in contexts:
        for page in context.pages:
            wrong += page.evaluate("window.violations ?? []")
        context.close()
    assert wrong == []


def done(page, state="done"):
    page.wait_for_selector(f'html[data-state="{state}"]')
    return page


def heads(page):
    """What stands at the top of each column: name, test accuracy, training loss, verdict."""
    return {
        head.locator("h2").inner_text().split("\n")[-1][1:].strip(): (
            head.locator("dd").nth(0).inner_text(),
            head.locator("dd").nth(1).inner_text(),
            head.locator(".verdict").inner_text(),
        )
        for head in page.locator(".head").all()
    }


def numbers(page, row):
    """The rows of the table behind a chart."""
    section = page.locator(f"#row-{row}")
    section.scroll_into_view_if_needed()
    details = section.locator("details.numbers")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("tbody tr").first.wait_for()
    return details.evaluate("d => [...d.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.textContent))")


def units(page):
    page.locator("#row-units").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#row-units td')?.textContent")
    return page.evaluate(
        "() => [...document.querySelectorAll('#row-units .cell')].map(c => "
        "[...c.querySelectorAll('tbody tr')].map(r => [...r.cells].map(d => d.textContent)))"
    )


def value(text):
    """A number of the page as a float."""
    digits, _, power = re.sub("^10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "1×10", text.replace("−", "-")).partition("×10")
    return float(digits) * 10 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def strip(page):
    """{scheme: [(forward, backward) by layer]} from the signal strip's table."""
    found = {}
    for name, _, forward, _, backward, _ in numbers(page, "signal-strip"):
        found.setdefault(name.rpartition(",")[0], []).append((value(forward), value(backward)))
    return found


def picture(page, name):
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(500)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


@contextmanager
def wait_until(page, frame):
    yield
    page.wait_for_function(f"() => document.querySelector('#scrub').value === '{frame}'")


def test_the_course_is_there_on_first_paint_with_its_published_figures(tab):
    page = done(tab(width=1440, height=1320))
    found = heads(page)
    assert [found[name][0] for name in ("zeros", "random", "course_xavier", "he")] == ["50 %", "86 %", "93 %", "96 %"]
    assert found["zeros"][2].startswith("No better than chance in 1 of 1 seed")
    assert found["he"][2].startswith("Best median here")
    behind = "Behind he at this seed: test accuracy 0.86 against 0.96. One seed cannot tell them apart: try more."
    assert found["random"][2] == behind
    first, *_, last = numbers(page, "accuracy")
    assert first[0] == "0"
    assert [last[i] for i in (1, 3, 7)] == ["0.5", "0.83", "0.993333"]
    assert numbers(page, "loss")[-1][7] == "0.0648102"
    assert page.locator("#title").inner_text() == "Course: circles"
    page.evaluate("scrollTo(0, 0)")
    picture(page, "course")


def test_the_tables_hold_the_numbers_of_compare(tab):
    page = done(tab("#data=moons&layers=6&schemes=he, normal(1)&iterations=40&learning_rate=0.3&seed=4&seeds=5"))
    rows = numbers(page, "loss")
    known = compare(
        data="moons", layers=(6,), schemes="he, normal(1)", iterations=40, learning_rate=0.3, seed=4, seeds=5
    )
    for place, scheme in enumerate(known.schemes):
        losses = sorted(trial.final_loss for trial in scheme.trials)
        assert float(rows[-1][1 + 2 * place]) == pytest.approx(losses[2], rel=1e-5)  # six digits are shown


def test_playground_zero_stays_where_it_is_and_one_learns(tab):
    page = done(tab("#preset=playground"))
    first, last = (numbers(page, "loss")[i] for i in (0, -1))
    assert first[1] == last[1] == "0.693147"
    assert float(first[7]) > 2 * float(first[5])
    assert float(last[5]) < 0.1 < float(last[7])


def test_the_deep_tanh_signals_shrink_hold_and_saturate(tab):
    page = done(tab("#preset=deep-tanh-digits&iterations=2&frame=0"))
    assert page.locator("#moment").inner_text() == "step zero, before any update"
    found = strip(page)
    assert all(forward == 0 for forward, _ in found["zeros"])
    ahead = {name: [forward for forward, _ in layers] for name, layers in found.items()}
    assert 0.5 < (ahead["torch_default"][3] / ahead["torch_default"][0]) ** (1 / 3) < 0.65  # 1/√3 a layer
    assert 0.4 < ahead["xavier"][3] / ahead["xavier"][0] < 1.1
    flat = [value(row[3].removesuffix(" %")) for row in units(page)[3]]
    assert min(flat) > 60  # N(0, 1): most units sit at ±1


def test_one_and_a_half_and_one_half_multiply_layer_by_layer(tab):
    page = done(tab("#preset=exploding-vanishing&iterations=2&frame=0"))
    found = strip(page)
    for name, factor in (("identity(1.5)", 1.5), ("identity(0.5)", 0.5), ("identity", 1.0)):
        assert found[name][8][0] / found[name][0][0] == pytest.approx(factor**8, rel=0.01)  # three digits are shown


def test_symmetry_is_kept_by_constants_and_broken_by_noise(tab):
    page = done(tab("#preset=symmetry&iterations=200"))
    zeros, constant, _, noisy, he = units(page)
    assert [row[1] for row in zeros] == [row[1] for row in constant] == ["1 of 10", "1 of 5"]
    assert [row[1] for row in noisy] == [row[1] for row in he] == ["10 of 10", "5 of 5"]
    picture(page, "symmetry")


def test_thirty_relu_layers_halve_under_xavier_and_hold_under_he(tab):
    page = done(tab("#preset=relu-30&iterations=2&frame=0"))
    found = strip(page)
    assert 2.0**-17 < found["xavier"][28][0] / found["xavier"][0][0] < 2.0**-11
    assert 0.2 < found["he"][28][0] / found["he"][0][0] < 5
    page.evaluate("document.querySelector('#row-signal-strip').scrollIntoView()")
    picture(page, "relu")


def test_fifty_tanh_layers_die_below_the_line_and_theory_says_so(tab):
    page = done(tab("#preset=tanh-50&iterations=2&frame=0"))
    found = strip(page)
    assert found["lecun_normal(0.8)"][48][0] / found["lecun_normal(0.8)"][0][0] < 1e-3
    assert found["lecun_normal"][48][0] / found["lecun_normal"][0][0] > 0.02
    assert found["lecun_normal(2)"][0][1] / found["lecun_normal(2)"][48][1] > 10
    page.locator("#tab-theory").click()
    page.wait_for_selector('#panel-theory[data-state="done"]')
    phases = page.locator("#panel-theory table").nth(0).locator("tbody tr").all_inner_texts()
    assert [re.search("vanishing|critical|chaotic", words)[0] for words in phases] == [
        "vanishing",
        "critical",
        "chaotic",
    ]
    page.evaluate("scrollTo(0, 0)")
    picture(page, "theory")


def test_the_check_finds_the_error_and_its_remedy_clears_it(tab):
    page = done(tab("#tab=check"))
    page.wait_for_selector('#panel-check[data-state="done"]')
    page.locator("#panel-check").get_by_label("Initialization").select_option("random")
    page.get_by_role("heading", name="loss-above-chance").wait_for()
    page.get_by_role("button", name="Apply it and check again").click()
    page.get_by_text("Nothing is wrong at step zero").wait_for()
    assert page.get_by_text("1 error.").is_visible()


def test_a_planted_bug_is_named(tab):
    page = done(tab("#tab=gradients"))
    page.get_by_text("PASS: ").first.wait_for()
    page.get_by_role("button", name="The course's two bugs").click()
    page.get_by_text("WRONG: ").wait_for()
    assert page.locator(".card.finding h3").all_inner_texts() == ["✖ W2: factor 2", "✖ b1: factor 4"]
    page.locator("#bug").select_option("mask inverted")
    page.get_by_text("✖ dZ1: mask inverted").wait_for()
    assert "dZ1 = dA1 * (Z1 > 0)" in page.locator("#panel-gradients").inner_text()
    picture(page, "gradients")


def test_a_bad_value_is_told_beside_its_control_and_the_run_is_untouched(tab):
    page = done(tab(expect=("422",)))
    before = heads(page)
    page.get_by_label("Learning rate").fill("fast")
    page.get_by_label("Steps").fill("0")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("learning_rate must be a number, got 'fast'").wait_for()
    assert "iterations must be >= 1" in page.locator("#error-iterations").inner_text()
    assert page.get_by_label("Learning rate").get_attribute("aria-invalid") == "true"
    assert heads(page) == before
    assert page.locator("html").get_attribute("data-state") == "done"
    page.get_by_label("Learning rate").fill("0.01")
    page.get_by_label("Steps").fill("20")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function("() => document.querySelector('#moment').textContent === 'step 20 of 20'")
    assert page.locator("#error-iterations").inner_text() == ""


def test_a_malformed_address_is_told_and_something_is_shown(tab):
    page = tab("#layers=10,-5&schemes=he, foo(1)&nonsense=1", expect=("422",))
    page.get_by_text("see the controls").wait_for()
    done(page)
    assert "Unknown scheme 'foo'" in page.locator("#error-schemes").inner_text()
    assert "layers must be >= 1" in page.locator("#error-layers").inner_text()
    assert heads(page)["he"][0] == "96 %"


def test_a_dropped_file_is_used_and_a_bad_one_told(tab, tmp_path):
    page = done(tab(expect=("422",)))
    cases = {
        "text.csv": ("a,b\n1,x\nhello,y\n", "must be a finite number, got 'hello'"),
        "nan.csv": ("a,b\n1,x\nnan,y\n", "must be a finite number, got 'nan'"),
        "long.csv": ("1.25,2\n" * 1_000_000, "must have at most"),
    }
    for name, (text, words) in cases.items():
        (tmp_path / name).write_text(text)
        page.locator("#file").set_input_files(tmp_path / name)
        page.locator("#error-data", has_text=words).wait_for()
    (tmp_path / "good.csv").write_text("x,y,c\n" + "".join(f"{i % 9},{i % 7},{'ab'[i % 2]}\n" for i in range(60)))
    page.locator("#file").set_input_files(tmp_path / "good.csv")
    page.get_by_text("good.csv: 60 examples, 2 features, 2 classes").wait_for()
    page.get_by_label("Steps").fill("30")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#command", has_text="--data good.csv").wait_for()


def test_the_target_of_a_dropped_file_is_chosen_and_a_wrong_one_told(tab, tmp_path):
    page = done(tab("#iterations=30", expect=("422",)))
    assert page.get_by_label("Target column").is_hidden()
    (tmp_path / "first.csv").write_text("kind,x,y\n" + "".join(f"{'ab'[i % 2]},{i % 9},{i % 7}\n" for i in range(60)))
    page.locator("#file").set_input_files(tmp_path / "first.csv")
    page.locator("#error-data", has_text="column 'kind' of first.csv must be a finite number, got 'a'").wait_for()
    target = page.get_by_label("Target column")
    for wrong, words in (("sort", "must be one of its columns kind, x, y, got 'sort'"), ("kind", "")):
        target.fill(wrong)
        target.blur()
        page.wait_for_function(
            "words => document.querySelector('#error-target').textContent.includes(words)", arg=words
        )
    page.get_by_text("first.csv: 60 examples, 2 features, 2 classes. The target is kind.").wait_for()
    assert page.locator("#error-data").inner_text() == ""
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#command", has_text="--data first.csv --target kind").wait_for()
    page.get_by_role("radio", name="moons").check()
    assert target.is_hidden()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#command", has_text="--data moons").wait_for()
    assert "--target" not in page.locator("#command").inner_text()


def test_the_keyboard_plays_holds_steps_and_runs_again(tab):
    page = done(tab("#iterations=200&seed=8"))
    page.locator("#observe").focus()
    last = page.locator("#scrub").input_value()
    with wait_until(page, int(last) - 1):
        page.keyboard.press("ArrowLeft")
    assert f"frame={int(last) - 1}" in page.url
    with wait_until(page, last):
        page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.locator("#play", has_text="Hold").wait_for()
    page.keyboard.press(" ")
    page.locator("#play", has_text="Play").wait_for()
    assert page.locator("#scrub").input_value() != last
    page.keyboard.press("r")
    page.wait_for_function(f"() => document.querySelector('#scrub').value === '{last}'")


def test_the_address_holds_the_whole_state(tab):
    page = done(
        tab("#data=xor&layers=3×8&schemes=he, normal(std=0.3)&iterations=25&edges=gradients&values=weights&frame=4")
    )
    page.wait_for_function("() => document.querySelector('#scrub').value === '4'")
    again = done(tab(page.url.split("/")[-1]))
    again.wait_for_function("() => document.querySelector('#scrub').value === '4'")
    assert again.get_by_label("Hidden widths").input_value() == "3×8"
    assert again.locator("#command").inner_text() == page.locator("#command").inner_text()
    assert again.get_by_role("radio", name="gradients").nth(1).is_checked()
    assert heads(again) == heads(page)


def test_stop_is_obeyed_and_what_was_drawn_stays(tab):
    page = tab("#layers=64,64&iterations=100000&learning_rate=0.001&seed=7")
    page.wait_for_function("() => Number(document.querySelector('#scrub').max) > 2")
    page.get_by_role("button", name="Stop", exact=True).click()
    done(page, "stopped")
    assert "Stopped by hand" in page.locator("#status").inner_text()
    assert len(numbers(page, "loss")) > 2


def test_a_server_that_is_gone_is_told(tab):
    page = tab("#layers=64,64&iterations=100000&learning_rate=0.001&seed=6", expect=("ERR_", "Failed to load"))
    page.wait_for_function("() => Number(document.querySelector('#scrub').max) > 1")
    page.context.set_offline(True)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("The server does not answer").first.wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Stop", exact=True).click()
    done(page, "stopped")


def test_a_server_killed_amid_a_run_is_told_and_what_was_drawn_stays(tab):
    serve = [sys.executable, "-m", "initlab", "serve", "--no-browser", "--json"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as served:
        try:
            url = json.loads("".join(iter(served.stdout.readline, "}\n")) + "}")["url"].rstrip("/")
            page = tab("#layers=64,64&iterations=100000&learning_rate=0.001", base=url, expect=("ERR_",))
            page.wait_for_function("() => Number(document.querySelector('#scrub').max) > 2")
        finally:
            served.kill()
    done(page, "lost")
    assert page.locator("#status").inner_text() == (
        "The server is gone. What was drawn stays; start it again with: initlab serve"
    )
    assert page.get_by_role("button", name="Stop", exact=True).is_disabled()
    assert len(numbers(page, "loss")) > 2
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#error-form", has_text="The server does not answer").wait_for()
    assert len(numbers(page, "loss")) > 2


def test_while_nothing_has_come_yet_the_page_says_for_how_long(tab):
    held = []
    page = tab(before=lambda page: page.route("**/events?*", lambda route: held.append(route)))
    page.locator("#elapsed", has_text="1 s so far").wait_for()
    assert "compiles the trainer" in page.locator("#status").inner_text()
    assert page.get_by_role("progressbar", name="Preparing").get_attribute("value") is None
    held[0].continue_()
    done(page).locator("#preparing").wait_for(state="hidden")


def test_three_tabs_at_once_stay_correct(tab):
    pages = [tab(f"#iterations=3000&seed={seed}&schemes=xavier, he") for seed in (11, 12, 13)]
    for seed, page in zip((11, 12, 13), pages, strict=True):
        known = compare(seed=seed, seeds=1, schemes="xavier, he", iterations=3000)
        assert [row[1] for row in numbers(done(page), "loss")][-1] == f"{known.schemes[0].final_loss.median:.6g}"


def test_nothing_moves_by_itself_where_motion_is_unwelcome(tab):
    page = tab("#iterations=4000&seed=21", reduced_motion="reduce")
    page.wait_for_function("() => Number(document.querySelector('#scrub').max) > 3")
    done(page)
    assert page.locator("#moment").inner_text() == "step 4,000 of 4,000"


def test_the_outline_that_a_screen_reader_hears(tab):
    page = done(tab())
    playwright.expect(page.locator("body")).to_match_aria_snapshot("""
- link "Skip to the results"
- banner:
  - paragraph
  - paragraph
- navigation "Presets":
  - list:
    - listitem:
      - 'button "Course: circles" [pressed]'
- form "The experiment":
  - group "1 Data":
    - radio "circles" [checked]
  - group "2 Network":
    - textbox /Hidden widths/
    - combobox "Activation"
  - group "3 Initializations":
    - list:
      - listitem:
        - combobox "Initialization 1"
  - button "Run"
  - button "Stop" [disabled]
- main:
  - 'heading "Course: circles" [level=1]'
  - group "Time":
    - button "Play"
    - slider "Frame"
  - status
  - tablist "Views of the same network":
    - tab "Training" [selected]
    - tab "Check"
    - tab "Gradients"
    - tab "Theory"
  - tabpanel "Training":
    - article:
      - heading /zeros/ [level=2]
    - region "Decision boundary":
      - heading "Decision boundary" [level=2]
      - figure:
        - img /zeros. decision boundary at step 15000, training accuracy 50 %/
    - region "Loss"
""")


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("training", "light"), ("training", "dark"), ("check", "light"), ("gradients", "dark"), ("theory", "light")],
)
def test_axe_finds_nothing_serious(tab, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = done(tab(f"#tab={name}", color_scheme=scheme))
    if name != "training":
        page.wait_for_selector(f'#panel-{name}[data-state="done"]')
    page.wait_for_timeout(300)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []


def test_every_width_fits(tab):
    page = done(tab(width=1440))
    for width in (360, 600, 800, 1100, 1440, 2200):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        assert page.evaluate("() => document.documentElement.scrollWidth") == width


def test_the_policy_forbids_what_it_says(tab):
    """Scripts of the page's own text or of another host do not run: the guard is no decoration."""
    page = done(tab(expect=("Content Security Policy",)))
    page.evaluate(
        "() => { for (const [key, value] of [['textContent', 'window.ran = 1'], ['src', 'http://127.0.0.1:1/']]) {"
        "const script = document.createElement('script'); script[key] = value; document.body.append(script); } }"
    )
    page.wait_for_function("() => window.violations.length === 2")
    assert page.evaluate("() => window.ran ?? window.violations.splice(0)") == ["script-src-elem", "script-src-elem"]


def test_the_page_asks_for_no_frame_after_the_end(tab):
    page = done(tab())
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    time.sleep(1.5)
    assert asked == []
