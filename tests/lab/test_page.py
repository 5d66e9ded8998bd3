"""The page, run by Streamlit's own test harness: it runs no JavaScript, so the tests ask in the stage's place."""

from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gausslab.errors import BadInput
from gausslab.lab import saving
from gausslab.lab.challenge import with_changes
from gausslab.lab.protocol import decode
from gausslab.lab.session import Session
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, from_toml

SMALL = {"generator.widths": "8", "discriminator.widths": "8", "batch": "16"}


@pytest.fixture
def page() -> AppTest:
    return opened(recipe="vanilla", target="normal(4, 1.25)", **SMALL)


def opened(**query: str) -> AppTest:
    script = Path(__file__).parents[2] / "gausslab" / "lab" / "script.py"
    at = AppTest.from_file(str(script), default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def unfold(at: AppTest, section: str) -> AppTest:
    """Open a section of the sidebar."""
    at.session_state[f"section {section}"] = True
    return at.run()


def answer(at: AppTest):
    assert not at.exception
    return decode(at.get("bidi_component")[0].proto.bytes)


def ask(at: AppTest, /, **told):
    header, _ = answer(at)
    usual = {"seq": header["seq"] + 1, "v": header["v"], "epoch": header["epoch"], "frames": 5, "speed": 40}
    last = header["steps"][-1] if header["steps"] else 0
    request = {**usual, "from": last, "stepsPerFrame": 2, "knobs": {}, "act": "play", **told}
    at.session_state["stage"] = {"req": request}
    at.run()
    return answer(at)


def widget(at: AppTest, path: str):
    kinds = ("selectbox", "multiselect", "number_input", "text_input", "toggle", "button", "file_uploader")
    keys = (path, f"{path}@{at.session_state['visit'].generation}")
    return next(item for kind in kinds for item in at.get(kind) if item.key in keys)


def test_page_moves_before_anybody_asks(page):
    header, blocks = answer(page)
    assert header["frames"] > 5 and header["steps"][0] == 0
    assert not np.array_equal(blocks["density"][0], blocks["density"][-1])


def test_bare_address_opens_the_default_without_a_complaint():
    header, _ = answer(opened())
    assert header["setup"]["message"] == ""
    assert header["setup"]["recipe"] == "steady"


def test_stage_gets_what_it_asks_for(page):
    header, _ = ask(page, act="step", frames=3)  # all of them, however long they take
    assert header["seq"] == 1 and header["frames"] == 3


def test_same_request_gets_the_same_bytes(page):
    ask(page)
    first = page.get("bidi_component")[0].proto.bytes
    page.run()
    assert page.get("bidi_component")[0].proto.bytes == first


def test_slider_of_the_stage_moves_the_target(page):
    header, _ = ask(page, v=1, knobs={"location": 2.0}, frames=1, act="step", stepsPerFrame=0)
    (scene,) = {header["scenes"][name]["mean"] for name in header["sceneOf"]}
    assert scene == pytest.approx(6.0, abs=0.01)
    assert header["v"] == 1 and header["knobs"]["location"] == 2.0


@pytest.mark.parametrize("raw", [{"seq": 1}, "play", {"seq": 1, "act": "eval"}, {"seq": 2, "from": -1, "knobs": 3}])
def test_mangled_request_is_answered_with_a_sentence_and_the_session_lives(page, raw):
    page.session_state["stage"] = {"req": raw}
    page.run()
    header, _ = answer(page)
    refused = raw != {"seq": 1}
    assert bool(header["setup"]["message"]) == refused
    first, second = ask(page)[0], ask(page)[0]
    assert second["steps"][-1] > first["steps"][-1] >= 0


def test_loss_is_changed_by_the_native_widget_and_the_weights_stay(page):
    ask(page)
    before = page.session_state["visit"].session
    step, epoch = before.step, before.epoch
    widget(unfold(page, "Game"), "loss").select("minimax").run()
    assert widget(page, "loss").value == "minimax"
    header, _ = ask(page)
    while header["prepares"]:
        header, _ = ask(page)
    assert header["setup"]["loss"] == "minimax"
    assert header["epoch"] > epoch and header["steps"][0] >= step


def test_section_is_drawn_once_it_is_opened_and_no_longer_when_it_is_shut(page):
    def labels() -> set[str]:
        return {item.label for kind in ("selectbox", "number_input", "button") for item in page.get(kind)}

    shut = labels()
    unfold(page, "Optimiser")
    assert {"schedule", "beta1"} <= labels() - shut
    page.session_state["section Optimiser"] = False
    page.run()
    assert labels() == shut


def test_penalty_that_is_chosen_gets_a_slider(page):
    widget(unfold(page, "Game"), "penalties").select("r1").run()
    header, _ = answer(page)
    assert "penalties.r1" in [control["path"] for control in header["setup"]["controls"]]


def test_setting_that_goes_too_far_is_refused_and_the_widget_shows_the_old_value(page):
    widget(unfold(page, "Generator"), "generator.widths").set_value("8, 8, 8, 8, 8").run()
    header, _ = answer(page)
    assert "in the lab" in header["setup"]["message"]
    assert widget(page, "generator.widths").value == "8"


def test_bad_formula_is_explained_under_its_field(page):
    widget(page, "target").set_value("normal(4, -1)").run()
    assert [error.value for error in page.error]
    assert page.session_state["visit"].text == "normal(4, 1.25)"


def test_file_cannot_be_read_through_the_formula(page):
    widget(page, "target").set_value('data("/etc/passwd")').run()
    assert "expected no file" in page.error[0].value


def test_typed_target_is_learnt(page):
    widget(page, "target").set_value("laplace(1, 2)").run()
    assert not page.error
    header, _ = answer(page)
    assert header["setup"]["target"]["centre"] == pytest.approx(1.0)


def test_broken_upload_is_explained(page):
    widget(page, "upload").upload("broken.csv", b"a,b\n1,2\n3\n", "text/csv").run()
    assert "broken.csv" in page.error[0].value


def test_uploaded_column_is_learnt_once_it_is_chosen(page):
    widget(page, "upload").upload("two.csv", b"a,b\n1,10\n2,20\n3,31\n4,39\n", "text/csv").run()
    widget(page, "column").select("b").run()
    widget(page, "learn").click().run()
    header, _ = answer(page)
    assert header["setup"]["target"]["isSample"]
    assert header["setup"]["target"]["centre"] == pytest.approx(25.0)


def test_recipe_begins_anew_on_the_same_target(page):
    ask(page)
    widget(page, "recipe").select("steady").run()
    header, _ = answer(page)
    assert header["setup"]["recipe"] == "steady"
    assert header["setup"]["target"]["text"] == "normal(4, 1.25)"


def test_link_of_the_page_opens_the_same_frame(page):
    ask(page, v=1, knobs={"location": 1.0})
    header, blocks = ask(page, frames=1, act="step")
    shared, _ = ask(page, frames=1, act="share", at=header["steps"][-1])
    again = opened(**dict(parse_qsl(shared["share"][1:])))
    found, others = answer(again)
    while header["steps"][-1] > found["steps"][-1]:
        found, others = ask(again)
    assert found["steps"][-1] == header["steps"][-1] == found["goal"]
    np.testing.assert_array_equal(others["density"][-1], blocks["density"][-1])


def test_link_to_an_earlier_step_leaves_out_what_was_done_after_it(page):
    header, _ = ask(page, act="step")
    ask(page, v=1, knobs={"location": 1.0})
    shared, _ = ask(page, v=1, frames=1, act="share", at=header["steps"][0])
    opened_link = dict(parse_qsl(shared["share"][1:]))
    assert opened_link["step"] == str(header["steps"][0]) and "did" not in opened_link


def test_bad_link_opens_the_default_and_says_why():
    header, _ = answer(opened(target="normal("))
    assert header["setup"]["message"].startswith("This link could not be opened")
    assert header["frames"] > 5


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(RECIPES["vanilla"].experiment(target="normal(4, 1.25)"))
    session.answer(None)
    return session


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        (".png", b"\x89PNG"),
        (".svg", b"<?xml"),
        (".csv", b"step,"),
        (".parquet", b"PAR1"),
        (".toml", b"format = 1"),
    ],
)
def test_file_that_is_saved_is_of_its_kind(session, ending, start):
    assert saving.FILES[ending].make(session, ending, "dark").startswith(start)


@pytest.mark.parametrize(("ending", "start"), [(".mp4", b"\0\0\0 ftyp"), (".gif", b"GIF89a")])
def test_film_is_of_its_kind(session, ending, start):
    assert saving.FILMS[ending].make(session, ending, "light").content.result().startswith(start)


@pytest.fixture(scope="module")
def duelling(session) -> Session:
    two = Session(session.experiment)
    two.duel(with_changes(two.experiment, {"generator.rate": 0.01}))
    two.playback.advance(5, 2)
    return two


@pytest.mark.parametrize(("ending", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_picture_saved_in_a_duel_shows_both_runs(duelling, monkeypatch, ending, start):
    both = saving.FILES[ending].make(duelling, ending, "light")
    monkeypatch.setattr(duelling.playback, "rival", None)
    assert both.startswith(start) and both != saving.FILES[ending].make(duelling, ending, "light")


def test_film_saved_in_a_duel_has_both_runs_at_the_same_moments(duelling):
    own, rival = saving._tracks(duelling)
    assert [frame.step for frame in own.frames] == [frame.step for frame in rival.frames]
    assert (own.label, rival.label) == ("this run", duelling.rival.challenge.name)
    content = saving.FILMS[".mp4"].make(duelling, ".mp4", "light").content.result()
    assert content.startswith(b"\0\0\0 ftyp") and len(content) > 10_000


def test_film_is_made_beside_the_page_and_then_there_to_save(page):
    widget(unfold(page, "Save and open"), "save.mp4").click().run()
    assert not page.exception
    page.session_state["visit"].film.content.result()
    page.run()
    assert not page.exception
    assert [button.label for button in page.get("download_button") if "film" in button.label] == ["Save the film (MP4)"]


def test_saved_experiment_is_the_one_that_runs(session):
    assert from_toml(saving.FILES[".toml"].make(session, ".toml", "light").decode()) == session.experiment


def test_second_film_at_a_time_is_refused_with_a_sentence(page, session):
    for _ in range(LIMITS.films):
        assert saving._FILMING.acquire(blocking=False)
    try:
        with pytest.raises(BadInput, match="film at a time"):
            saving.film(session, ".mp4", "light")
        widget(unfold(page, "Save and open"), "save.gif").click().run()
        assert "film at a time" in answer(page)[0]["setup"]["message"]
    finally:
        for _ in range(LIMITS.films):
            saving._FILMING.release()


def test_hidden_layers_come_only_where_they_are_looked_at(page):
    header, _ = ask(page)
    assert header["layers"] is None
    header, _ = ask(page, into="G")
    assert header["layers"]["station"] == "G" and header["layers"]["units"] == [8]
    assert header["layers"]["step"] == header["steps"][-1]


def test_rival_of_a_link_is_sent_with_every_frame_and_stays_in_the_address():
    page = opened(recipe="vanilla", target="normal(4, 1.25)", rival="penalties.r1:1", **SMALL)
    header, blocks = ask(page)
    assert header["rival"]["differences"] == "penalties.r1 none | 1"
    assert header["rivalGridOf"] == [None] * header["frames"] != []
    assert blocks["rivalDensity"].shape == blocks["density"].shape and blocks["rivalG"].shape == blocks["g"].shape
    assert "rival=penalties.r1:1" in header["address"]
    shared, _ = ask(page, act="share", at=header["steps"][-1])
    again = opened(**dict(parse_qsl(shared["share"].removeprefix("?"))))
    while answer(again)[0]["goal"]:
        ask(again)
    mine, theirs = (at.session_state["visit"].session.rival.run for at in (page, again))
    assert theirs.step >= header["steps"][-1] and mine.experiment == theirs.experiment


def test_rival_is_chosen_beside_the_stage_and_both_are_taken_to_where_the_run_stands(page):
    ask(page)
    step = page.session_state["visit"].session.step
    widget(unfold(page, "Duel"), "duel").click().run()
    header, _ = answer(page)
    while header["prepares"]:
        header, _ = ask(page)
    assert (
        header["epoch"] == 1
        and header["goal"] == step
        and header["onward"]
        and header["rival"]["name"] == "with r1 penalty 1"
    )
    assert any("E on the stage ends the duel" in caption.value for caption in page.sidebar.caption)
    while answer(page)[0]["goal"]:
        header, blocks = ask(page)
    assert "rivalDensity" in blocks


def test_rival_may_be_a_recipe_and_a_value_that_is_the_same_is_not_offered(page):
    widget(unfold(page, "Duel"), "duel setting").set_value("batch").run()
    assert widget(page, "duel").disabled
    widget(page, "against").set_value("a recipe").run()
    widget(page, "duel").click().run()
    assert page.session_state["visit"].session.rival.challenge.recipe == "vanilla"


def test_sides_swapped_on_the_stage_are_shown_beside_it_and_the_end_as_well():
    page = unfold(opened(recipe="steady", target="normal(4, 1.25)", rival="vanilla", batch="16"), "Game")
    ask(page)
    header, _ = ask(page, act="swap")
    page.run()
    assert header["rival"]["name"].startswith("steady") and widget(page, "recipe").value == "vanilla"
    assert widget(page, "loss").value == "nonsaturating"
    header, _ = ask(page, act="peace")
    assert header["rival"] is None and "rival" not in header["address"]


def test_rival_of_a_link_that_cannot_be_is_said_and_the_run_opened_alone():
    header, _ = answer(opened(recipe="vanilla", rival="nonsense", **SMALL))
    assert header["rival"] is None and "rival of this link could not be had" in header["setup"]["message"]


def test_widget_that_is_no_longer_shown_changes_nothing(page):
    visit, done = page.session_state["visit"], []
    does = visit.heeding("penalties", lambda: done.append(1))
    does()
    visit.renew()
    does()
    assert done == [1]
