"""Files: whole or absent, and refused in a sentence."""

from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from PIL import Image

from figures.scenes import NORMAL, frame_of, history, towards_normal
from gausslab.errors import BadInput
from gausslab.figures import View, draw_game, film, panel, save


def test_saved_pictures_are_what_their_suffix_says(tmp_path):
    figure = panel(frame_of(NORMAL, towards_normal(0.5)), theme="dark")
    with Image.open(save(figure, tmp_path / "a.png")) as picture:
        assert picture.size == (1280, 720)
        assert picture.convert("RGB").getpixel((0, 0)) == (0x0E, 0x11, 0x17)
    assert ElementTree.parse(save(figure, tmp_path / "a.SVG")).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert save(figure, str(tmp_path / "a.pdf")).read_bytes().startswith(b"%PDF")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.SVG", "a.pdf", "a.png"]


def test_a_picture_that_cannot_be_drawn_leaves_the_old_one(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    figure = Figure()
    figure.text(0.5, 0.5, r"$\no such command$")
    with pytest.raises(ValueError, match=r"no such command|Unknown"):
        save(figure, tmp_path / "a.png")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("a.png", b"old")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda folder: film([], folder / "a.mp4"), "at least one frame"),
        (lambda folder: film(history(1), folder / "a.avi"), r"\.mp4, \.gif"),
        (lambda folder: film(history(1), folder / "a.mp4", size=(641, 360)), "640 × 360"),
        (lambda folder: film(history(1), folder / "a.mp4", fps=0), "1 to 120"),
        (lambda folder: film(history(1), folder / "a.gif", fps=60), "1 to 50"),
        (lambda folder: film(history(1), folder / "a.mp4", hold=-1.0), "0 to 60"),
        (lambda folder: film(history(1), folder / "a.mp4", theme="pink"), "light, dark"),
        (lambda folder: panel(history(1)[0], theme="pink"), "light, dark"),
        (lambda folder: panel(history(1)[0], size=(4, 3)), "12 × 4.96"),
        (lambda folder: save(Figure(), folder / "a.bmp"), r"\.png, \.svg, \.pdf"),
        (lambda folder: save(Figure(), folder / "none" / "a.png"), "make it first"),
        (lambda folder: draw_game(Figure().subplots(1, 2).tolist(), []), "at least one frame"),
        (lambda folder: draw_game([Figure().add_subplot()], history(1)), "2 or 3 axes"),
        (lambda folder: View.of([]), "at least one frame"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing_behind(tmp_path, wrong, words):
    with pytest.raises(BadInput, match=words) as caught:
        wrong(tmp_path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert not list(tmp_path.iterdir())
