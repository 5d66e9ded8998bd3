"""Films, read back by the decoder."""

from dataclasses import replace

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from figures.scenes import frame_of, history, pictures, pixels, scene_of, towards_normal
from gausslab.figures import film, panel


def test_a_film_has_a_picture_per_frame_and_the_size_and_length_asked_for(tmp_path):
    frames = history(12)
    path = film(frames, tmp_path / "a.mp4", fps=24, size=(640, 360), hold=0.5, progress=False)
    shown, said = pictures(path, (640, 360))
    assert all(fact in said for fact in ("h264", "yuv420p", "640x360", "24 fps"))
    count, seconds = imageio_ffmpeg.count_frames_and_secs(path)
    assert len(shown) == count == 24
    assert seconds == pytest.approx(1.0, abs=0.02)
    assert np.abs(shown[0].astype(int) - shown[11]).mean() > 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.mp4"]


def test_pictures_of_a_film_are_the_panels_of_its_frames_also_when_the_target_moves(tmp_path):
    moved = scene_of(stats.norm(5, 1), (0.0, 10.0), label="normal(5, 1)", density="another density")
    frames = [*history(3), *(frame_of(moved, towards_normal(0.9), step=60 + 20 * place) for place in range(3))]
    shown, _ = pictures(film(frames, tmp_path / "a.mp4", progress=False), (1280, 720))

    def differing(place, frame):
        """The share of pixels that differ by more than the encoder's losses can explain."""
        return np.mean(np.abs(shown[place] - pixels(panel(frame, frames)).astype(int)).max(axis=2) > 60)

    assert len(shown) == 6
    for place in (0, 5):
        assert differing(place, frames[place]) < 0.005
        assert differing(place, frames[5 - place]) > 0.03


def test_a_gif_has_a_picture_per_frame_and_the_length_asked_for(tmp_path):
    with Image.open(film(history(7), tmp_path / "a.gif", fps=30, size=(320, 180), hold=1, progress=False)) as picture:
        assert picture.size == (320, 180)
        assert picture.n_frames == 7
        lengths = []
        for place in range(7):
            picture.seek(place)
            lengths.append(picture.info["duration"])
    assert sum(lengths) == 230 + 1000


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_film_that_fails_midway_leaves_the_old_one_and_nothing_else(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    frames = history(5)
    # Not one number per cell, which shows only when this frame's turn has come.
    frames[3] = replace(frames[3])
    object.__setattr__(frames[3], "discriminator", np.zeros(3))
    with pytest.raises(ValueError, match=r"shape|same|size"):
        film(frames, tmp_path / name, size=(320, 180), progress=False)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [(name, b"old")]


def test_a_film_shows_its_progress_on_stderr_only(tmp_path, capsys):
    film(history(3), tmp_path / "a.mp4", size=(320, 180))
    said = capsys.readouterr()
    assert said.out == "" and "3/3" in said.err
