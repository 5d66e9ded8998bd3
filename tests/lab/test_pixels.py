"""A picture's pixel intensities are learnt from the page, as the story of gan-with-tf2 says."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gausslab.lab.protocol import decode

QUERY = {
    "recipe": "gan-with-tf2",
    "generator.widths": "8",
    "discriminator.widths": "8",
    "batch": "16",
    "latent.dimension": "1",
}


def picture():
    """A picture of a dark half and a bright one, as a file."""
    half = np.random.default_rng(0).normal(scale=8, size=(24, 12))
    pixels = np.concatenate([60 + half, 200 + half], axis=1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "PNG")
    return file.getvalue(), pixels


def answer(at):
    assert not at.exception
    return decode(at.get("bidi_component")[0].proto.bytes)[0]


def widget(items, name):
    return next(item for item in items if item.key.startswith(f"{name}@"))


def test_picture_is_learnt_with_its_recipe_and_the_layer_that_it_asks_for():
    script = Path(__file__).parents[2] / "gausslab" / "lab" / "script.py"
    at = AppTest.from_file(str(script), default_timeout=300)
    for name, value in QUERY.items():
        at.query_params[name] = value
    at.run()
    assert answer(at)["setup"]["layers"] == ["certainty"]
    content, pixels = picture()
    widget(at.get("file_uploader"), "upload").upload("two.png", content, "image/png").run()
    assert not at.error
    widget(at.button, "learn").click().run()
    setup = answer(at)["setup"]
    assert setup["message"] == "" and setup["recipe"] == "gan-with-tf2"
    assert setup["target"]["isSample"]
    assert setup["target"]["centre"] == pytest.approx(pixels.mean() / 255, rel=0.02)
    (scene,) = answer(at)["scenes"].values()
    assert len(scene["modeMasses"]) == 2
    at.session_state["visit"].choose_recipe("vanilla")
    at.run()
    assert answer(at)["setup"]["layers"] == []
