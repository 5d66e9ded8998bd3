"""Films and posters of whole runs: which frames they show, at what speed, and what they say of the run."""

import base64
import re

import imageio_ffmpeg
import numpy as np
import pytest
from constructors import small

import gausslab as gl
from gausslab.errors import BadInput
from gausslab.files import animate, movie, poster
from gausslab.files.pictures import headline, labels_of, moments
from gausslab.run import begin

TINY = {"size": (320, 180), "progress": False}


@pytest.fixture(scope="module")
def run():
    return begin(small()).train(50, progress=False)


@pytest.fixture(scope="module")
def other():
    return begin(small({"seed": 3, "generator.rate": 1e-3})).train(30, progress=False)


def test_a_film_lasts_as_long_however_smooth_and_half_as_long_at_twice_the_speed():
    for count, fps, speed, seconds in ((300, 30, 1, 10), (300, 60, 2, 5), (1000, 60, 1, 10), (60, 24, 0.5, 4)):
        found = moments(count, 300, fps, speed)
        assert len(found) == fps * seconds
        assert found[0] == 0 and found[-1] == count - 1 and found == sorted(found)
        assert np.ptp(np.diff(found)) <= 1
    assert moments(300, 300, 30, 1) == list(range(300))
    assert len(moments(5, 300, 30, 100)) == 2


def test_fps_and_speed_reach_the_film(run, tmp_path):
    for fps, speed, count in ((30, 1, 11), (60, 1, 22), (60, 2, 11)):
        path = animate(run, tmp_path / "a.mp4", fps=fps, speed=speed, **TINY)
        found, seconds = imageio_ffmpeg.count_frames_and_secs(path)
        assert found == count
        assert seconds == pytest.approx(count / fps, abs=0.02)


def test_two_runs_are_filmed_together_at_the_same_steps(run, other, tmp_path):
    for layout in ("beside", "overlaid"):
        path = animate([run, other], tmp_path / "a.mp4", layout=layout, panels=["map"], **TINY)
        assert imageio_ffmpeg.count_frames_and_secs(path)[0] == 11


def test_a_fork_that_began_later_can_be_filmed_beside_its_trunk(run, tmp_path):
    fork = run.fork().change({"generator.rate": 1e-3}).train(20, progress=False)
    path = animate([run, fork], tmp_path / "a.mp4", panels=["densities", "game"], **TINY)
    assert imageio_ffmpeg.count_frames_and_secs(path)[0] == 11


def test_runs_are_named_by_what_sets_them_apart(run, other):
    assert labels_of([run, other]) == ["seed 0, generator.rate 0.005", "seed 3, generator.rate 0.001"]
    penalised = begin(small({"penalties": {}}))
    assert labels_of([run, penalised]) == ["penalties.r1 0.5", "penalties.r1 none"]
    assert labels_of([run, run]) == ["run 1", "run 2"]
    assert labels_of([run, run.fork().train(5, progress=False)])[0] != labels_of([run, run])[0]


def test_a_poster_of_a_run_says_what_was_done(run, tmp_path):
    assert poster(run, tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")
    assert headline(run) == (
        "relativistic loss with r1 0.5 · adam, constant rates 0.005 and 0.005 · G 5 tanh · D 6 tanh · batch 16 · seed 0"
    )


def test_a_movie_plays_in_a_notebook(run, tmp_path):
    found = re.search(r"base64,([^\"]+)", run.movie(**TINY)._repr_html_())
    (tmp_path / "a.mp4").write_bytes(base64.b64decode(found[1]))
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "a.mp4")[0] == 11
    assert movie(run, **TINY).title == "Learning normal(4, 1.25), up to step 50"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda run, path: animate(run, path / "a.mp4", speed=0), "speed from 0.05 to 100"),
        (lambda run, path: animate(run, path / "a.mp4", speed=float("nan")), "speed from 0.05 to 100"),
        (lambda run, path: animate(run, path / "a.mp4", panels=["maps"]), "densities, map, game"),
        (lambda run, path: animate(run, path / "a.mp4", size=(10_000, 10_000)), "7680"),
        (lambda run, path: animate([run], path / "a.mp4"), "2 to 4 runs"),
        (lambda run, path: animate([run, run], path / "a.mp4", labels=["one"]), "a name for each of 2"),
        (lambda run, path: animate([run, begin(small())], path / "a.mp4"), "frames to draw"),
        (lambda run, path: animate([run, run], path / "a.mp4", layout="above"), "beside, overlaid"),
        (lambda run, path: poster(run, path / "p.pdf", moments=1), "2 to 16"),
        (lambda run, path: poster(begin(small()), path / "p.pdf"), "frames to draw"),
        (lambda run, path: poster(run, path / "p.doc"), r"\.png, \.svg, \.pdf"),
        (lambda run, path: begin(small()).movie(), "frames to draw"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing_behind(run, tmp_path, wrong, words):
    with pytest.raises(BadInput, match=words) as caught:
        wrong(run, tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_public_names_are_these_functions():
    assert gl.animate is animate and gl.poster is poster
