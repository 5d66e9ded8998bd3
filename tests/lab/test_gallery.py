"""The gallery on the page, run by Streamlit's own test harness: it has no browser, so the tests tell its token."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest
from test_page import answer, ask, opened

from gausslab.files import saved_runs
from gausslab.lab.plain import plain
from gausslab.lab.protocol import decode
from gausslab.lab.start import RUNS, SCRIPT, SHARED

TOKEN = "0123456789abcdef" * 2
SMALL = {"recipe": "vanilla", "generator.widths": "8", "discriminator.widths": "8", "batch": "16"}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The folder that the server keeps runs in."""
    monkeypatch.setenv(RUNS, str(tmp_path / "runs"))
    monkeypatch.delenv(SHARED, raising=False)
    return tmp_path / "runs"


def gallery(token=TOKEN, step=None, **query):
    at = opened(target="normal(4, 1.25)", **SMALL, **query)
    if token:
        at.session_state["shelf"] = {"told": {"token": token, "step": step}}
    press(at, "runs")
    return at


def press(at: AppTest, key: str):
    at.button(key=key).click().run()
    assert not at.exception


def fill(at: AppTest, key: str, text: str):
    at.text_input(key=key).set_value(text).run()
    assert not at.exception


def save(at: AppTest, name=""):
    fill(at, f"name@{at.session_state['gallery'].wishes}", name)
    press(at, "keep")
    keeping = at.session_state["gallery"].keeping
    if keeping:
        keeping.done.exception(120)
        at.run()
        assert not at.exception


def names(at: AppTest):
    return sorted(button.key.partition("@")[2] for button in at.button if button.key.startswith("open@"))


def test_run_is_saved_under_a_sensible_name_and_opened_where_it_stood(runs):
    at = gallery()
    save(at)
    assert names(at) == ["normal(4, 1.25), vanilla"]
    assert at.success[0].value == plain("Saved as normal(4, 1.25), vanilla.")
    saved = answer(at)[0]
    step = at.session_state["visit"].session.step
    ask(at, v=1, knobs={"location": 2.0})
    press(at, "open@normal(4, 1.25), vanilla")
    header, _ = answer(at)
    assert header["steps"][-1] == step == header["goal"]
    assert header["epoch"] > saved["epoch"] and header["knobs"]["location"] == 0.0
    assert "recipe=vanilla" in header["address"]
    assert not at.session_state["gallery"].open
    header, _ = ask(at, v=0)
    assert header["steps"][-1] > step


def test_step_that_is_shown_is_the_one_that_is_saved(runs):
    at = gallery(step=0)
    at.session_state["shelf"] = {"told": {"token": TOKEN, "step": 3}}
    assert at.session_state["visit"].session.step > 3
    save(at, "early")
    (one,) = saved_runs(next((runs / ".visitors").iterdir()))
    assert (one.name, one.steps) == ("early", 3)


def test_visitor_sees_only_what_was_saved_by_the_same_browser(runs):
    at = gallery()
    save(at, "mine")
    assert names(gallery()) == ["mine"]
    other = gallery("f" * 32)
    assert names(other) == [] and "Nothing is kept here yet" in other.info[0].value
    save(other, "theirs")
    assert names(other) == ["theirs"] and names(gallery()) == ["mine"]


def test_shared_runs_are_seen_by_all_and_need_no_token(runs, monkeypatch):
    monkeypatch.setenv(SHARED, "yes")
    save(gallery(), "ours")
    assert names(gallery("f" * 32)) == names(gallery(None)) == ["ours"]
    assert [path.name for path in runs.iterdir()] == ["ours"]


def test_nothing_is_shown_before_the_browser_has_told_whose_it_is(runs):
    at = gallery(None)
    assert names(at) == [] and "Looking for your runs" in at.caption[-1].value
    assert not runs.exists()


@pytest.mark.parametrize("token", ["../../etc", "", "x" * 10_000, 7])
def test_forged_token_gets_a_sentence(runs, token):
    at = gallery(None)
    at.session_state["shelf"] = {"told": {"token": token, "step": None}}
    at.run()
    assert not at.exception and "a browser that remembers" in at.error[0].value
    assert not runs.exists()


@pytest.mark.parametrize("told", ["token", [TOKEN], 7, {}])
def test_what_no_browser_says_is_not_heard(runs, told):
    at = gallery(None)
    at.session_state["shelf"] = {"told": told}
    at.run()
    assert not at.exception and "Looking for your runs" in at.caption[-1].value


@pytest.mark.parametrize("name", ["../x", "CON", "a/b", "a\u202eb"])
def test_bad_name_gets_a_sentence_and_nothing_is_written(runs, name):
    at = gallery()
    save(at, name)
    assert "name" in at.error[0].value
    assert not runs.exists()


def test_run_is_renamed_and_deleted_once_that_is_said_again(runs):
    at = gallery()
    save(at, "first")
    fill(at, "rename@first", "長い名前")
    press(at, "give@first")
    assert names(at) == ["長い名前"]
    fill(at, "rename@長い名前", "../first")
    press(at, "give@長い名前")
    assert names(at) == ["長い名前"] and "expected a name" in at.error[0].value
    press(at, "delete@長い名前")
    press(at, "leave@長い名前")
    assert names(at) == ["長い名前"]
    press(at, "delete@長い名前")
    press(at, "remove@長い名前")
    assert names(at) == [] and list(next((runs / ".visitors").iterdir()).iterdir()) == []


@pytest.fixture
def shelf(runs, monkeypatch, kept):
    """A shared folder with two runs."""
    monkeypatch.setenv(SHARED, "yes")
    for name in ("first", "second"):
        shutil.copytree(kept, runs / name)
    return runs


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    from constructors import small

    from gausslab.run import begin

    run = begin(small()).train(30, progress=False)
    run.change({"generator.rate": 1e-3}).train(30, progress=False)
    run.save(tmp_path_factory.mktemp("kept") / "run")
    return tmp_path_factory.getbasetemp() / "kept0" / "run"


def test_two_runs_are_compared(shelf):
    at = gallery()
    at.checkbox(key="compare@first").check().run()
    at.checkbox(key="compare@second").check().run()
    assert not at.exception
    said = " ".join(item.value for item in (*at.markdown, *at.caption))
    assert "Level after 60 steps" in said and "They differ in: no difference" in said
    assert at.session_state["gallery"].comparison.picture.startswith(b"\x89PNG")
    press(at, "back")
    assert names(at) == ["first", "second"]


def test_two_runs_play_side_by_side(shelf):
    at = gallery()
    at.checkbox(key="compare@first").check().run()
    at.checkbox(key="compare@second").check().run()
    press(at, "side by side")
    session = at.session_state["visit"].session
    assert session.rival.challenge.name == "second" and session.goal == 60
    assert not at.session_state["gallery"].open and at.session_state["visit"].message == ""


def test_damaged_run_says_so_and_can_be_deleted(shelf):
    (shelf / "first" / "checkpoint.safetensors").write_bytes(b"")
    at = gallery()
    assert names(at) == ["second"]
    said = next(item.value for item in at.caption if item.value.startswith("Damaged"))
    assert "checkpoint" in said and str(shelf) not in said
    press(at, "delete@first")
    press(at, "remove@first")
    assert [path.name for path in shelf.iterdir()] == ["second"]


def test_run_that_is_gone_meanwhile_gets_a_sentence(shelf):
    at = gallery()
    shutil.rmtree(shelf / "first")
    press(at, "open@first")
    assert at.error and str(shelf) not in at.error[0].value
    assert decode(at.get("bidi_component")[0].proto.bytes)


def test_runs_are_found_and_ordered_as_on_the_command_line(shelf):
    at = gallery()
    fill(at, "find", "name=second steps > 10")
    assert names(at) == ["second"]
    fill(at, "find", "steps>many")
    assert "expected a number" in at.error[0].value
    fill(at, "find", "")
    at.selectbox(key="order").select("name").run()
    shown = [button.key for button in at.button if button.key.startswith("open@")]
    at.toggle(key="reversed").set_value(True).run()
    assert [button.key for button in at.button if button.key.startswith("open@")] == shown[::-1]


def test_what_others_wrote_is_no_markdown():
    assert plain("**bold** <b> $x$ [a](b) :red[c] `d`").replace("\\", "") == "**bold** <b> $x$ [a](b) :red[c] `d`"
    assert "](" not in plain("[a](b)")


def test_page_from_elsewhere_has_its_runs_as_well(runs):
    at = AppTest.from_file(str(SCRIPT), default_timeout=120).run()
    at.session_state["shelf"] = {"told": {"token": TOKEN, "step": None}}
    press(at, "runs")
    assert "Only you see these runs" in at.caption[-1].value
