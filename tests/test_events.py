"""Events: a list that shows itself as a table."""

import html

from gausslab.events import Event, Events

EVENTS = Events([Event(5, "generator.rate", 1e-4), Event(1200, "target", 'data("<b>.csv")'), Event(1200, "pause", "")])


def test_events_are_a_list_that_reads_as_a_table():
    assert list(EVENTS) == EVENTS
    assert str(EVENTS).splitlines() == [
        " step  knob            value",
        "    5  generator.rate  0.0001",
        '1,200  target          data("<b>.csv")',
        "1,200  pause",
    ]
    assert str(Events()) == "nothing was done to this run"


def test_events_show_themselves_in_a_notebook_and_escape_what_was_typed():
    shown = EVENTS._repr_html_()
    assert shown.count("<tr>") == 4
    assert html.escape('data("<b>.csv")') in shown and "<b>" not in shown


def test_an_event_is_a_line():
    assert [str(event) for event in EVENTS] == [
        "step 5: generator.rate 0.0001",
        'step 1,200: target data("<b>.csv")',
        "step 1,200: pause",
    ]
