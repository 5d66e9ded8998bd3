"""What a recipe does to its run on the way."""

from gausslab.events import Event
from gausslab.lab.agenda import Agenda

LOOK, TURN, BACK = Event(5, "pause", ""), Event(5, "generator.rate", 0.1), Event(9, "generator.rate", 0.01)


def test_each_event_is_due_once_and_a_stop_is_nothing_to_do():
    agenda = Agenda((LOOK, TURN, BACK))
    assert agenda.stops == [5] and agenda.next == 5
    assert agenda.due(4) == []
    assert agenda.due(5) == [TURN] and agenda.due(5) == []
    assert agenda.next == 9 and agenda.due(12) == [BACK] and agenda.next is None


def test_it_is_taken_up_where_a_run_stands():
    agenda = Agenda((TURN, BACK))
    agenda.stand(5, [TURN])
    assert agenda.next == 9
    agenda.stand(5, [])
    assert agenda.next == 5
    agenda.stand(9, [TURN, BACK])
    assert agenda.next is None
