"""How a person writes schemes, and what is said when it cannot be done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initlab.errors import CatalogueError, SpecError, UsageError
from initlab.laws import Constant, Law, Normal
from initlab.parameters import Fan, Parameter
from initlab.schemes import SCHEMES, choose, parse, scheme

PLAIN = Parameter(name="W1", shape=(3, 2), fan=Fan.dense(2, 3), layer=0, depth=2, width=3)


@pytest.mark.parametrize(
    ("text", "label", "options"),
    [
        ("he_normal", "he_normal", {}),
        ("  he_normal() ", "he_normal", {}),
        ("random( 10 )", "random(10)", {"scale": 10.0}),
        ("random(scale=.5)", "random(scale=0.5)", {"scale": 0.5}),
        ("constant(-1)", "constant(-1)", {"value": -1.0}),
        ("normal(1e-3, mean = 2)", "normal(0.001, mean=2)", {"std": 0.001, "mean": 2.0}),
        ("xavier(2)", "xavier(2)", {"gain": 2.0}),
        ("he_normal(mode=fan_out)", "he_normal(mode=fan_out)", {"mode": "fan_out"}),
        ('he_normal(mode="fan_out")', "he_normal(mode='fan_out')", {"mode": "fan_out"}),
        ("siren(folded=True)", "siren(folded=True)", {"folded": True}),
        ("chrono(784)", "chrono(784)", {"longest": 784}),
        ("he_normal\n(2)", "he_normal(2)", {"gain": 2.0}),
    ],
)
def test_what_is_written_is_read_and_tidied(text, label, options):
    choice = choose(text)
    assert (choice.label, choice.options) == (label, options)
    assert all(type(choice.options[name]) is type(value) for name, value in options.items())
    assert choose(choice.label) == choice


def test_a_list_keeps_its_order_and_its_repeats():
    assert [choice.label for choice in parse("zeros, random(10), he, zeros,")] == ["zeros", "random(10)", "he", "zeros"]


@pytest.mark.parametrize("name", list(SCHEMES))
def test_every_label_is_read_back(name):
    options = {option: kind.default for option, kind in SCHEMES[name].kinds.items() if not kind.required}
    options |= {option: 7 for option, kind in SCHEMES[name].kinds.items() if kind.required}
    written = f"{name}({', '.join(f'{option}={value!r}' for option, value in options.items())})"
    choice = choose(written)
    assert choice.options == options
    assert choose(choice.label) == choice


LIST = " Write names, separated by commas."
FULL = "within ±1e30"

BAD = [
    ("", f"The schemes must be a list like 'he_normal, random(10)', got ''.{LIST}"),
    (",", f"The schemes must be a list like 'he_normal, random(10)', got ','.{LIST}"),
    ("he normal", f"The schemes must be a list like 'he_normal, random(10)', got 'he normal'.{LIST}"),
    ("random(10", f"The schemes must be a list like 'he_normal, random(10)', got 'random(10'.{LIST}"),
    ("zeros) + (he", f"The schemes must be a list like 'he_normal, random(10)', got 'zeros) + (he'.{LIST}"),
    ("zeros" + " " * 2000, "The schemes must be at most 2000 characters, got 2005. Write fewer of them."),
    ("zeros, he", "The scheme must be one scheme, got 2 of them. Write one name, such as he_normal."),
    ("he_nromal", "Unknown scheme 'he_nromal'. Did you mean 'he_normal'?"),
    ("zero", "Unknown scheme 'zero'. Did you mean 'zeros'?"),
    (
        "zeros, zeros.real",
        "A scheme must be a name or a call like random(10), got 'zeros.real'. Write the name of a scheme.",
    ),
    ("10", "A scheme must be a name or a call like random(10), got '10'. Write the name of a scheme."),
    ("*zeros", "A scheme must be a name or a call like random(10), got '*zeros'. Write the name of a scheme."),
    (
        "(zeros, he)",
        "A scheme must be a name or a call like random(10), got '(zeros, he)'. Write the name of a scheme.",
    ),
    ("zeros(1)", "The values for scheme zeros must be at most 0, got 1. It takes none."),
    ("random(1, 2)", "The values for scheme random must be at most 1, got 2. It takes scale."),
    ("random(scala=1)", "Unknown option of scheme random: 'scala'. Did you mean 'scale'?"),
    ("normal(role=head)", "Unknown option of scheme normal: 'role'. Known: mean, std."),
    ("zeros(scale=1)", "The options of scheme zeros must be none, got 'scale'. Write zeros."),
    ("random(1, scale=1)", "The option scale of scheme random must be given once, got two. Write one."),
    ("random(**{})", "The options of scheme random must be written out, got **. Write name=value."),
    (
        "random(ten)",
        "The option scale of scheme random must be a number from 0 to 1e30, got 'ten'. Its default is 10.0.",
    ),
    (
        "random(True)",
        "The option scale of scheme random must be a number from 0 to 1e30, got True. Its default is 10.0.",
    ),
    ("random(-1)", "The option scale of scheme random must be a number from 0 to 1e30, got -1. Its default is 10.0."),
    (
        "random(nan)",
        "The option scale of scheme random must be a number from 0 to 1e30, got nan. Its default is 10.0.",
    ),
    (
        "random(1e999)",
        "The option scale of scheme random must be a number from 0 to 1e30, got inf. Its default is 10.0.",
    ),
    ("constant(inf)", f"The option value of scheme constant must be a number {FULL}, got inf. Its default is 0.5."),
    ("constant(-inf)", f"The option value of scheme constant must be a number {FULL}, got -inf. Its default is 0.5."),
    (
        "constant(0x" + "f" * 400 + ")",
        f"The option value of scheme constant must be a number {FULL}, got a number of 1600 bits. Its default is 0.5.",
    ),
    ("constant([1])", "An option of scheme constant must be a number or a word, got '[1]'. Write a number or a word."),
    (
        "constant(1+1j)",
        "An option of scheme constant must be a number or a word, got '1+1j'. Write a number or a word.",
    ),
    (
        "normal(std=-0.1)",
        "The option std of scheme normal must be a number from 0 to 1e30, got -0.1. Its default is 0.05.",
    ),
    ("sparse(1.5)", "The option sparsity of scheme sparse must be a number from 0 to 1, got 1.5. Its default is 0.9."),
    ("siren(0)", "The option omega of scheme siren must be a number from 1e-30 to 1e30, got 0. Its default is 30.0."),
    ("siren(folded=1)", "The option folded of scheme siren must be True or False, got 1. Its default is False."),
    (
        "he(mode=fan_inn)",
        "The option mode of scheme he_normal must be one of fan_in, fan_out, fan_avg, got 'fan_inn'. "
        "Did you mean fan_in?",
    ),
    (
        "variance_scaling(1, fan_in, 3)",
        "The option distribution of scheme variance_scaling must be one of normal, uniform, truncated, got 3. "
        "Its default is truncated.",
    ),
    (
        "fixup(2.5)",
        "The option branch_layers of scheme fixup must be a whole number from 2 to 1000, got 2.5. Its default is 2.",
    ),
    (
        "chrono",
        "The option longest of scheme chrono must be a whole number from 3 to 1e9, got nothing. "
        "Write chrono(longest=...).",
    ),
    (
        "chrono(2)",
        "The option longest of scheme chrono must be a whole number from 3 to 1e9, got 2. Write chrono(longest=...).",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[text[:30] for text, _ in BAD])
def test_bad_input_gets_one_line_that_says_what_to_do(text, message):
    with pytest.raises(UsageError) as caught:
        choose(text)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


UNKNOWN = " State it, or choose another scheme for it."


@pytest.mark.parametrize(
    ("text", "facts", "message"),
    [
        ("he", {"fan": None}, f"The scheme he_normal cannot set W. Its fan must be known, got None.{UNKNOWN}"),
        ("small_init", {}, f"The scheme small_init cannot set W. Its width must be known, got None.{UNKNOWN}"),
        ("ds_init", {}, f"The scheme ds_init cannot set W. Its layer must be known, got None.{UNKNOWN}"),
        (
            "gpt2",
            {"role": "residual_out"},
            f"The scheme gpt2 cannot set W. Its depth must be known, got None.{UNKNOWN}",
        ),
        (
            "torch_default",
            {"role": "weight", "fan": None},
            f"The scheme torch_default cannot set W. Its fan must be known, got None.{UNKNOWN}",
        ),
        (
            "ZerO",
            {"fan": Fan(inputs=2, outputs=2, taps=9)},
            "The scheme zero_hadamard cannot set W. Its kernel must have 1 position and 1 group, got 9 and 1. "
            "Use dirac.",
        ),
    ],
)
def test_a_fact_that_is_missing_is_asked_for_by_name(text, facts, message):
    parameter = Parameter(**{"name": "W", "shape": (2, 2), "fan": Fan.dense(2, 2)} | facts)
    with pytest.raises(SpecError) as caught:
        choose(text).law(parameter)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["gpt2", "mitchell", "llama_depth", "deepnorm", "fixup", "t_fixup"])
def test_a_fact_is_asked_for_only_where_it_is_needed(text):
    choose(text).law(Parameter(name="W", shape=(2, 2), role="head", fan=Fan.dense(2, 2)))


@pytest.mark.parametrize(("what", "value", "least"), [("layer", -1, 0), ("depth", 0, 1), ("width", 2.0, 1)])
def test_impossible_facts_are_refused(what, value, least):
    with pytest.raises(SpecError, match=f"^The {what} of W must be a whole number >= {least}, got {value}\\.$"):
        Parameter(name="W", shape=(2, 2), **{what: value})


def test_options_set_from_python_are_checked_as_written_ones_are():
    assert SCHEMES["normal"].law(PLAIN, {"std": 2}) == Normal(std=2.0)
    with pytest.raises(SpecError, match=r"^The option std of scheme normal must be a number"):
        SCHEMES["normal"].law(PLAIN, {"std": "big"})
    with pytest.raises(UsageError, match=r"^Unknown option of scheme normal: 'stdd'\. Did you mean 'std'\?$"):
        SCHEMES["normal"].law(PLAIN, {"stdd": 1})
    with pytest.raises(SpecError, match=r"^The option longest of scheme chrono must be .*, got nothing\."):
        SCHEMES["chrono"].law(PLAIN)


def test_a_scheme_without_its_sections_is_refused():
    def bare(fan: Fan) -> Law:
        """Says little."""
        return Constant(value=0.0)

    with pytest.raises(CatalogueError, match=r"^The docstring of scheme bare lacks Formula, Example, References\.$"):
        scheme()(bare)


def test_an_option_without_a_readable_type_is_refused():
    def odd(fan: Fan, *, what: list) -> Law:
        """Odd.

        ## Formula
        ## Example
        ## References
        """
        return Constant(value=0.0)

    with pytest.raises(CatalogueError, match=r"^The option what of scheme odd must have a type an option may have"):
        scheme()(odd)


def outcome(text: str) -> None:
    """Reading a text gives schemes that read back and give laws, or a UsageError of one short line; nothing else."""
    complaint = ""
    try:
        for choice in parse(text):
            assert choose(choice.label) == choice
            assert choice.law(PLAIN).variance >= 0
    except UsageError as error:
        complaint = str(error)
    assert "\n" not in complaint
    assert len(complaint) < 1500


words = st.sampled_from([*SCHEMES, "xavier", "he", "head", "fan_in", "fan_out", "nan", "inf", "True", "None", "lambda"])
numbers = st.one_of(st.floats().map(repr), st.integers().map(str))
values = st.one_of(words, numbers, st.text(max_size=5).map(repr))
names = st.sampled_from(["gain", "std", "value", "scale", "mode", "slope", "cut", "omega", "longest", "role"])
arguments = st.one_of(values, st.tuples(names, values).map("=".join))
calls = st.tuples(words, st.lists(arguments, max_size=3)).map(lambda call: f"{call[0]}({', '.join(call[1])})")
lists = st.lists(st.one_of(words, calls), min_size=1, max_size=3).map(", ".join)
soup = st.text(alphabet="hezros_(){}[]=,.*:'\"\\#01-+@ \n\t\0\ud800é", max_size=30)


@settings(max_examples=400, deadline=None)
@given(st.one_of(lists, soup, st.text(max_size=30)))
def test_reading_never_fails_in_another_way(text):
    outcome(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "zeros" + ")" * 3000,
        "random(" + "-" * 900 + "1)",
        "random(" + "-" * 5000 + "1)",
        "random(" * 500 + ")" * 500,
        "random(" + "1+" * 3000 + "1)",
        "x" * 100_000,
        "zeros, " * 2000,
        "random(9" + "9" * 6000 + ")",
        "random('\\d')",
        "random(1if 2else 3)",
        "random((yield))",
        "random(f'{1}')",
        "random(b'1')",
        "random(...)",
        "random(__import__('os'))",
        "zeros #",
        "zeros\\",
        "random(\ud800)",
    ],
    ids=lambda text: text[:12].encode("ascii", "replace").decode(),
)
def test_hostile_text_is_refused_quietly(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
