"""Curves are drawn with fewer corners than they have values, and nobody can see it."""

import numpy as np
import pytest

# The module itself, as the page has loaded it, with a context that notes where the pen goes.
TRACE = """async ([values, width, height]) => {
  const module = (name) => import(new URL(name, document.querySelector("script[src$='/stage.js']").src));
  const { trace } = await module("curves.js");
  const { Scale } = await module("drawing.js");
  const path = [];
  const context = {
    beginPath: () => path.splice(0),
    moveTo: (x, y) => path.push([[x, y]]),
    lineTo: (x, y) => path.at(-1).push([x, y]),
  };
  const X = new Scale().set(0, values.length - 1, 0, width);
  const Y = new Scale().set(0, 1, height, 0);
  trace(context, Float32Array.from(values, (value) => value ?? NaN), 0, 1, X, Y);
  return path;
}"""
WIDTH, HEIGHT, CELLS = 614, 260, 512
SEEN = 0.2  # CSS pixels
x = np.linspace(-4, 4, CELLS)
noise = np.random.default_rng(0).uniform(0.2, 0.8, CELLS)
CURVES = {
    "a normal density": (np.exp(-(x**2) / 2), 0.2),
    "a straight line": ((x + 4) / 8, 0.01),
    "steps": (np.where(np.sin(3 * x) > 0, 0.9, 0.1), 0.1),
    "noise": (noise, 1.0),
}


def drawn(lab, values):
    """The pieces of the path, in CSS pixels."""
    told = [None if np.isnan(value) else float(value) for value in values]
    return [np.array(piece) for piece in lab.page.evaluate(TRACE, [told, WIDTH, HEIGHT])]


@pytest.mark.parametrize("name", CURVES)
def test_no_value_lies_beside_the_line_and_smooth_ones_have_few_corners(lasting, name):
    values, share = CURVES[name]
    (path,) = drawn(lasting, values)
    assert len(path) <= max(2, share * CELLS)
    assert (np.diff(path[:, 0]) > 0).all()
    at = np.interp(np.linspace(0, WIDTH, CELLS), *path.T)
    assert np.abs(at - HEIGHT * (1 - values.astype(np.float32))).max() < SEEN


def test_pen_is_lifted_where_there_is_no_value(lasting):
    values = np.exp(-(x**2) / 2)
    values[:3] = values[200:260] = values[-1] = np.nan
    first, second = drawn(lasting, values)
    ends = np.array([first[0, 0], first[-1, 0], second[0, 0], second[-1, 0]]) * (CELLS - 1) / WIDTH
    assert ends == pytest.approx([3, 199, 260, CELLS - 2])
