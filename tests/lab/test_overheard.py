"""What is remembered of the page, to be compared with at the next answer to the stage."""

from test_page import SMALL, opened, unfold, widget

from gausslab.lab.overheard import LAST


def test_button_is_not_remembered_as_pressed():
    page = unfold(opened(recipe="vanilla", target="normal(4, 1.25)", **SMALL), "Save and open")
    assert page.session_state[LAST]["save.gif"] is False
    widget(page, "save.gif").click().run()
    assert not page.exception
    assert page.session_state[LAST].get("save.gif") is not True
    page.session_state["visit"].film.content.result()
