"""A visitor without a browser asks as the stage does; no server is asked here."""

from benchmarks.crowd import Crowd, Sample
from benchmarks.live.playing import WATCHDOG, Playhead

FRAME_RATE = 20  # frames a second


def answered(playhead: Playhead, version: int = 0, count: int | None = None) -> None:
    asked = playhead.waiting or {"seq": 0, "from": 0, "stepsPerFrame": 1, "frames": 12}
    steps = [asked["from"] + (place + 1) * asked["stepsPerFrame"] for place in range(count or asked["frames"])]
    header = {"seq": asked["seq"], "v": version, "epoch": 0, "failure": None, "scenes": {"a": {}}}
    playhead.receive(header | {"steps": steps, "frameRate": FRAME_RATE}, 0.0)


def playing() -> Playhead:
    playhead = Playhead(speed=200.0, knobs={"location": 0.0})
    answered(playhead)
    return playhead


def test_next_frames_are_asked_for_before_the_last_ones_are_shown():
    playhead = playing()
    asked = [playhead.advance(place / 60, 1 / 60) for place in range(60)]
    wishes = [wish for wish in asked if wish]
    assert len(wishes) == 1 and wishes[0]["frames"] == 12 and wishes[0]["stepsPerFrame"] == 10
    assert wishes[0]["from"] == 12 and 1 < playhead.fresh < 12


def test_every_frame_is_shown_once_at_the_pace_of_the_stage():
    playhead = playing()
    for place in range(600):
        if playhead.advance(place / 60, 1 / 60):
            answered(playhead)
    assert 10 * FRAME_RATE <= playhead.fresh <= 10 * 25 and playhead.repeated == 0


def test_turned_slider_voids_what_lies_ahead_and_overtakes_the_film():
    playhead = playing()
    while not playhead.advance(0.0, 1 / 60):
        pass
    playhead.turn("location", 2.0, now=0.0)
    assert playhead.ahead <= 1
    wish = playhead.advance(1.0, 1 / 60)
    assert wish and wish["v"] == 1 and wish["frames"] == 1 and wish["knobs"] == {"location": 2.0}
    answered(playhead, version=1)
    assert playhead.delays == [0.0] and not playhead.turned_at


def test_unanswered_request_is_repeated_as_it_was():
    playhead = playing()
    while not (wish := playhead.advance(0.0, 1 / 60)):
        pass
    assert playhead.advance(WATCHDOG - 0.1, 1 / 60) is None
    assert playhead.advance(WATCHDOG + 0.1, 1 / 60) == wish and playhead.repeated == 1


def test_memory_of_the_first_minute_does_not_count_and_a_short_visit_says_nothing():
    samples = [Sample(float(when), 500 + min(when, 60) + (when > 200), 0.5 * when) for when in range(300)]
    assert Crowd({}, samples).growth == 1 and Crowd({}, samples).cores == 0.5
    assert Crowd({}, samples[:100]).growth is None
