"""The textual form: what it allows, and one sentence for everything that it does not."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gausslab.errors import BadInput
from gausslab.targets import FORMS, TARGETS, from_points, from_values, parse
from gausslab.targets.limits import MAX_TEXT

BAD = {
    "": "empty text",
    "   ": "empty text",
    "__import__('os')": "got '__import__'",
    "__import__('os').system('ls')": "got '.'",
    "().__class__": "expected",
    "x.__class__": "At character 2, .*got '.'",
    "normal.__init__(1)": "At character 7",
    "lambda: 0": "got 'lambda'|got ':'",
    "9**9**9": "got the formula '9\\*\\*9\\*\\*9'.*density",
    "normal(9**9**9, 1)": "At character 8, .*got inf",
    "density(9**9**9, 0, 1)": "too large for float64",
    "normal(0/0)": "got nan",
    "normal(1e31)": "got 1e\\+31",
    "(" * 10_000: "at most 20,000 characters|brackets inside one another",
    "(" * 10_000 + "normal" + ")" * 10_000: "at most 20,000 characters",
    "(" * 200 + "normal" + ")" * 200: "At character 101, .*brackets",
    "density(" + "-" * 5000 + "x, 0, 1)": "at most 1,000 operations",
    "density(" + "+".join(["x"] * 3000) + ", 0, 1)": "at most 1,000 operations",
    "norml(1, 2)": "got 'norml'; did you mean normal",
    "gama(2)": "did you mean gamma",
    "nothing_like_it": "known are normal",
    "rv_continuous(1)": "expected the name of a target",
    "normal(1, 2, 3)": "expected normal\\(mean = 0, std = 1\\), got 3 parameters",
    "genextreme": "got no c",
    "normal(mean=1, median=2)": "unknown parameter 'median'",
    "normal(1, mean=2)": "got mean twice",
    "normal(mean=1, mean=2)": "got it twice",
    "normal(mean=1, 2)": "At character 16",
    "normal('a')": "got the text 'a'",
    "normal(x)": "only the formula inside density",
    "normal(foo)": "unknown name 'foo'",
    "normal(0, -1)": "expected std of normal above 0, got -1",
    "normal(0, 0)": "above 0, got 0",
    "gamma(-2)": "expected shape of gamma above 0",
    "norm(0, -1)": "expected scale of norm above 0",
    "argus(-1)": "expected shape parameters chi inside the domain",
    "irwinhall(2.5)": "inside the domain",
    "uniform(2, -2)": "low < high",
    "uniform(2, 2)": "low < high",
    "triangular(0, 5, 1)": "low ≤ mode ≤ high",
    "comb(2.5)": "whole number of modes",
    "comb(0)": "whole number of modes",
    "comb(1e9)": "from 1 to 100",
    "pareto(0.01)": "tails are too heavy|too extreme",
    "normal(1e20, 1)": "billionth",
    "lognormal(1000, 1)": "mu between -69 and 69",
    "-normal": "got one with a sign",
    "normal - laplace": "At character 10, .*subtracted",
    "-0.5*normal + laplace": "weight above 0, got -0.5",
    "0*normal + laplace": "weight above 0, got 0",
    "(0/0)*normal + laplace": "got nan",
    "normal*laplace": "2 multiplied",
    "normal + 3": "At character 10, .*weight times a target, got none",
    "normal/2": "only be added and weighted",
    "normal^2": "only be added and weighted",
    "exp(-x^2)": "density\\(exp",
    "'text'": "got ''text''",
    " + ".join(["normal"] * 101): "at most 100 components",
    "0.5*dataset(faithful) + normal": "got data",
    "normal(": "close 1 open bracket",
    "normal(1": "close 1 open bracket",
    "normal)": "At character 7",
    "normal 3": "At character 8",
    "2x": "as in 2\\*x",
    "normal(1,,2)": "At character 10",
    "density": "expected density\\(",
    "density(x)": "a formula and two bounds",
    "density(x, 0, 1, 2)": "got 4 parameters",
    "density(y, 0, 1)": "At character 9, .*unknown name 'y'",
    "density(sin, 0, 1)": "got the bare name",
    "density(sin(x, 2), 0, 1)": "one operand in sin",
    "density(min(x), 0, 1)": "two or more operands",
    "density(floor(x), 0, 1)": "unknown name 'floor'",
    "density(eval(x), 0, 1)": "unknown name 'eval'",
    "density(normal(1), 0, 1)": "unknown name 'normal'",
    "density(exp(a=x), 0, 1)": "leave the name out",
    "density(x, 3, 1)": "low < high, got 3 and 1",
    "density(x, 0, 1e400)": "upper bound .*got inf",
    "density(x, -1, 1)": "nowhere negative, got -0.99.* at x = -0.99",
    "density(0*x, 0, 1)": "zero everywhere",
    "density(1/x, 0, 1)": "diverges near x = 0",
    "density(1/x^2, 0, 1)": "diverges near",
    "density(1/(x-0.3)^2, 0, 1)": "diverges near x = 0.3",
    "density(tan(x)^2, 0, 3)": "diverges near x = 1.57",
    "density(log(x), -1, 1)": "no number at x = -0.99",
    "density(-1/0 + x, 0, 1)": "nowhere negative",
    "density(sin(1e6*x)^2, 0, 1)": "too rough",
    "values()": "at least 2 distinct values, got 0 values",
    "values": "expected values\\(",
    "values(1)": "at least 2 distinct values, got 1 value;",
    "values(2, 2, 2)": "got 3 values that are all 2",
    "values(1, nan)": "got nan as value 2 of 2",
    "values(1, inf, 2)": "got inf as value 2 of 3",
    "values(1, two, 3)": "value 2 to be a plain number such as -1.5e3, got 'two'",
    "values(1, , 3)": "value 2 to be a plain number",
    "values(sin(1), 2)": "expected values\\(1, 2.5, 4\\)",
    "drawn()": "2 to 10,000 points, got 0",
    "drawn(0 1)": "2 to 10,000 points, got 1",
    "drawn(0, 1 2)": "point 1 of drawn",
    "drawn(0 1, 1 -2)": "densities of at least 0, got -2 at point 2",
    "drawn(0 0, 1 0)": "some area",
    "drawn(0 1, 0 2)": "some area",
    "drawn(0 1, 1 nan)": "finite points, got \\(1, nan\\) as point 2",
    "drawn(0 1, 1 b)": "got 'b'",
    "dataset(nope)": "out of faithful, galaxies",
    "dataset(faithfull)": "did you mean faithful",
    "dataset(faithful, waiting)": "did you mean waiting_minutes",
    "dataset(1)": "expected the name as text",
    "dataset()": "as in dataset\\(faithful",
    "data()": "as in data\\(",
    "data('missing.csv')": "got no such file",
    "data('mis\0sing.csv')": "expected",
    "moved(normal)": None,
    "moved()": "a target, a location and a scale",
    "moved(normal, 1, 0)": "scale between 0 and",
    "moved(normal, 1, 2, 3)": "got 4 parameters",
    "moved(normal, up=3)": "expected location and scale",
    "λ": "At character 1",
    "normal(1)\n;drop": "At character 11",
}


def refusal(text, **options):
    start = time.process_time()
    with pytest.raises(BadInput) as error:
        parse(text, **options)
    assert time.process_time() - start < 1.0
    return str(error.value)


def is_one_sentence(sentence):
    return "\n" not in sentence and sentence.endswith(".") and sentence[0].isupper() and 20 < len(sentence) < 500


@pytest.mark.parametrize("text", [text for text, pattern in BAD.items() if pattern], ids=lambda text: text[:40])
def test_every_bad_text_gets_one_sentence_within_a_second(text):
    sentence = refusal(text)
    assert is_one_sentence(sentence), sentence
    assert re.search(BAD[text], sentence), sentence
    assert "; " in sentence  # what to do


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        ")" * 1_000_000,
        "a" * 1_000_000,
        "1+" * 500_000,
        "normal+" * 140_000,
        "values(" * 140_000,
        "values" + " " * 1_000_000,
        "values(" + "x," * 500_000 + ")",
        "drawn(" + "1 2 3," * 160_000 + ")",
        "drawn(" + "1 2," * 250_000 + ")",
        "'" * 1_000_000,
        "\0" * 1_000_000,
        "-" * 19_000 + "normal",
        "density(" + "sin(" * 90 + "x" + ")" * 90 + "^x" * 9000 + ", 0, 1)",
        "density(" + "-".join(["exp(x)"] * 450) + ", 0, 1)",
    ],
    ids=lambda text: text[:20],
)
def test_hostile_texts_are_refused_within_a_second(text):
    assert is_one_sentence(refusal(text))


def test_a_form_and_a_family_never_share_a_name():
    assert not FORMS.keys() & TARGETS.keys()


def test_a_web_page_never_opens_files():
    sentence = refusal("data('/etc/hostname')", files=False)
    assert is_one_sentence(sentence)
    assert "upload" in sentence
    assert "no file" in refusal("moved(data('x.csv'), 1, 2)", files=False)
    assert parse("dataset(faithful)", files=False).label == "waiting_minutes (272 values)"


def test_a_long_array_is_read_quickly_and_may_exceed_the_length_of_a_formula():
    values = np.random.default_rng(0).normal(size=100_000).round(3)
    text = f"values({', '.join(map(str, values.tolist()))})"
    assert len(text) > MAX_TEXT
    start = time.process_time()
    np.testing.assert_array_equal(parse(text).sample, np.sort(values))
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("name", FORMS)
def test_examples_of_forms_parse(name):
    if name == "data":
        assert "no such file" in refusal(FORMS[name].example)
    else:
        assert parse(FORMS[name].example).spread > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("normal(4, 1.25)", "normal(std=1.25, mean=4)"),
        ("normal(4, 1.25)", "  normal\n( 4 ,1.25 ) "),
        ("normal(4, 1.25)", "(normal(2^2, 5/4))"),
        ("normal(0, 1)", "normal"),
        ("normal(0, 1)", "normal()"),
        ("normal(mean=2)", "normal(mu=2)"),
        ("gamma(2, 0, 3)", "gamma(2, scale=3)"),
        ("gamma(2, 1, 3)", "gamma(2, loc=1, scale=3)"),
        ("norm(1, 2)", "norm(loc=1, scale=2)"),
        ("normal(-1)", "normal(−1)"),
        ("0.5*normal + 0.5*laplace", "0.5·normal + 0.5×laplace"),
        ("density(x**2, 0, 1)", "density(x**2, low=0, high=1)"),
        ("dataset(faithful)", "dataset('faithful', column='waiting_minutes')"),
        ("moved(normal, 1, 2)", "moved(normal, scale=2, location=1)"),
        ("moved(moved(normal, 1, 2), 3, 4)", "moved(normal, 4, 8)"),
    ],
)
def test_two_ways_to_write_one_target(one, other):
    np.testing.assert_array_equal(parse(one).logit_quantiles(), parse(other).logit_quantiles())


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("normal(4.0, 1.250)", "normal(4, 1.25)"),
        ("gamma(2)", "gamma(2)"),
        ("gamma(2, 0, 3)", "gamma(2, 0, 3)"),
        ("drawn(0 0, 1 2, 3 0)", "drawn (3 points)"),
        ("dataset(galaxies)", "velocity_km_per_s (82 values)"),
        ("moved(normal, 1)", "moved(normal(0, 1), 1, 1)"),
        (" + ".join(["normal"] * 20), "mixture of 20"),
    ],
)
def test_labels_are_short(text, label):
    assert parse(text).label == label


NUMBERS = st.floats(-1e6, 1e6).filter(lambda number: number == 0 or abs(number) > 1e-6)
POSITIVE = st.floats(0.01, 100)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(POSITIVE, st.sampled_from(["normal", "laplace", "logistic", "gumbel"]), st.floats(-50, 50), POSITIVE),
        min_size=1,
        max_size=4,
    )
)
def test_any_mixture_survives_the_round_trip(parts):
    text = " + ".join(f"{weight!r}*{name}({place!r}, {scale!r})" for weight, name, place, scale in parts)
    target = parse(text)
    again = parse(target.text)
    assert again.text == target.text
    np.testing.assert_array_equal(again.logit_quantiles(), target.logit_quantiles())
    levels = np.array([1e-6, 0.2, 0.7])
    np.testing.assert_allclose(target.cdf(target.ppf(levels)), levels, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=30).filter(lambda values: max(values) - min(values) > 1))
def test_any_array_survives_the_round_trip(values):
    target = from_values(values)
    np.testing.assert_array_equal(parse(target.text).sample, np.sort(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 100)), min_size=2, max_size=30))
@example([(0.0, 0.0), (5e-324, 2.0)])
def test_any_drawn_curve_is_learnt_or_refused(points):
    x, y = np.array(points).T
    try:
        target = from_points(x, y)
    except BadInput as error:
        assert is_one_sentence(str(error))
        return
    again = parse(target.text)
    np.testing.assert_array_equal(again.logit_quantiles(), target.logit_quantiles())
    assert (np.diff(target.logit_quantiles()) >= 0).all()
    assert target.mode_masses.sum() == pytest.approx(1)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused_in_one_sentence(text):
    parses_or_is_refused(text)


WORDS = [*TARGETS, *FORMS, "x", "exp", "sin", "min", "pi", "e", "norm", "erlang", "2", "-1", "0", ".5", "1e9", "1e-9"]
SIGNS = [
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "=",
    " ",
    "'a'",
    '"',
    ".",
    "faithful",
    "mean",
    "(1, 2)",
    "(x, 0, 1)",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, *SIGNS]), max_size=12).map("".join))
def test_any_scramble_of_the_language_parses_or_is_refused_in_one_sentence(text):
    parses_or_is_refused(text)


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "pi", "e", "2", "0", "1e300", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^"]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "tan", "cosh", "erf", "-", "abs"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=2000)
@given(EXPRESSIONS)
def test_any_formula_is_a_density_or_is_refused_in_one_sentence(formula):
    parses_or_is_refused(f"density({formula}, -1, 2)")


def parses_or_is_refused(text):
    try:
        target = parse(text, files=False)
    except BadInput as error:
        assert is_one_sentence(str(error)), str(error)
    else:
        assert np.isfinite(target.logit_quantiles()).all()
        assert np.isfinite([target.centre, target.spread, *target.window]).all()
        assert target.mode_masses.sum() == pytest.approx(1)


def test_importing_targets_loads_neither_scipy_stats_nor_pandas_nor_jax():
    heavy = "('scipy.stats', 'pandas', 'jax', 'pyarrow', 'PIL')"
    code = f"import sys, gausslab.targets; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
