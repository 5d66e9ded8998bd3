"""Sessions that take turns."""

import threading
import time

import pytest

from gausslab.lab.turns import Turns
from gausslab.settings import LIMITS

PATIENCE = 20.0  # seconds that a busy machine may take over a wait of none


def never() -> bool:
    return False


class Crowd:
    """Threads that wait for turns, and the order in which they had them."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, name: str, since: float, *, urgent: bool = False, given_up=never) -> None:
        """Come, and be in the queue on return."""
        waiting = len(self.turns._queue)

        def wait() -> None:
            with self.turns.turn(since, urgent=urgent, given_up=given_up) as came:
                self.order.append(name if came else f"{name} left")

        self.threads.append(threading.Thread(target=wait))
        self.threads[-1].start()
        until(lambda: len(self.turns._queue) > waiting)

    def leave(self) -> list[str]:
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.order


def until(so) -> None:
    ends = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.001)


def test_no_more_compute_at_a_time_than_there_are_places():
    turns = Turns(2)
    inside, most = [], []

    def compute() -> None:
        with turns.turn(time.monotonic(), urgent=False, given_up=never):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=compute) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(most) == 8 and max(most) == 2


def test_hands_go_before_films_and_who_has_waited_longest_before_others():
    turns = Turns(1)
    crowd = Crowd(turns)
    with turns.turn(0.0, urgent=False, given_up=never):
        crowd.join("late film", 3.0)
        crowd.join("early film", 1.0)
        crowd.join("late hand", 4.0, urgent=True)
        crowd.join("early hand", 2.0, urgent=True)
    assert crowd.leave() == ["early hand", "late hand", "early film", "late film"]


def test_who_gives_up_leaves_the_queue_and_holds_nobody_up():
    turns = Turns(1)
    crowd = Crowd(turns)
    with turns.turn(0.0, urgent=False, given_up=never):
        crowd.join("first", 1.0, given_up=lambda: len(turns._queue) == 2)
        crowd.join("second", 2.0)
        until(lambda: crowd.order)
    assert crowd.leave() == ["first left", "second"]
    with turns.turn(3.0, urgent=False, given_up=never) as came:
        assert came


def test_place_is_passed_on_after_an_error():
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.turn(0.0, urgent=False, given_up=never):
        1 / 0  # noqa: B018
    with turns.turn(1.0, urgent=False, given_up=never) as came:
        assert came


def test_film_has_fewer_frames_a_second_while_most_have_to_wait_and_all_of_them_again_later():
    turns = Turns(1)
    assert turns.frame_rate == LIMITS.frame_rate
    crowd = Crowd(turns)
    with turns.turn(0.0, urgent=False, given_up=never):
        for place in range(20):
            crowd.join(str(place), float(place))
        assert turns.frame_rate == LIMITS.frame_rate_in_a_crowd < LIMITS.frame_rate
    crowd.leave()
    for _ in range(20):
        with turns.turn(0.0, urgent=False, given_up=never):
            pass
    assert turns.frame_rate == LIMITS.frame_rate
