"""Figures are looked at by people; here it is held that they show what the frame says, whatever the frame says."""

import os
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy import stats

from gausslab.errors import BadInput
from gausslab.figures import THEMES, View, draw_densities, draw_game, draw_map, film, panel, save
from gausslab.frame import Flat, Fold, Frame, Readings, Scene

POINTS, CELLS = 513, 256


class TwoNormals:
    """Half N(−3, ½) and half N(3, ½)."""

    left, right = stats.norm(-3, 0.5), stats.norm(3, 0.5)

    def pdf(self, x):
        return 0.5 * (self.left.pdf(x) + self.right.pdf(x))

    def cdf(self, x):
        return 0.5 * (self.left.cdf(x) + self.right.cdf(x))

    def ppf(self, u):
        x = np.linspace(-8, 8, 20_001)
        return np.where(u <= 0, -np.inf, np.where(u >= 1, np.inf, np.interp(u, self.cdf(x), x)))


def scene_of(target, window, *, valleys=(), label="normal(4, 1.25)", spread=1.25, floor=0.08, density="density"):
    edges = np.linspace(*window, CELLS + 1)
    x = 0.5 * (edges[1:] + edges[:-1])
    z = np.linspace(0, 1, POINTS)
    mode_edges = np.array([-np.inf, *valleys, np.inf])
    return Scene(
        label=label,
        density_label=density,
        is_sample=density != "density",
        window=window,
        edges=edges,
        x=x,
        p=target.pdf(x),
        F=target.cdf(x),
        z=z,
        u=z,
        ideal=target.ppf(z),
        mean=float(np.sum(x * target.pdf(x)) / np.sum(target.pdf(x))),
        std=spread,
        spread=spread,
        mode_edges=mode_edges,
        mode_masses=np.diff(target.cdf(mode_edges)),
        noise_floor=floor,
    )


def frame_of(scene, G, *, step=0, belief=None, folds=(), flats=(), seed=0, push=1.0, losses=(1.3, 0.9), **changes):
    """A frame of the map G, which takes and gives an array; its density is a fine count."""
    middles = (np.arange(40 * CELLS * 4) + 0.5) / (40 * CELLS * 4)
    made = G(middles)
    counts = np.histogram(made, scene.edges)[0] / made.size
    p_g = counts / np.diff(scene.edges)
    quantiles = np.sort(made)
    total = scene.p + p_g
    best = np.divide(scene.p, total, out=np.full(CELLS, 0.5), where=total > 1e-12)
    D = 0.5 + 0.6 * (best - 0.5) if belief is None else belief(scene.x)
    inner = np.clip(scene.ideal, *scene.window)
    g = G(scene.z)
    W1 = float(np.mean(np.abs(np.interp(middles, scene.z, inner) - quantiles)))
    F_g = np.cumsum(counts)
    masses = np.diff(np.searchsorted(quantiles, scene.mode_edges)) / made.size
    random = np.random.default_rng(seed)
    readings = Readings(
        wasserstein=W1,
        wasserstein_over_std=W1 / scene.spread,
        wasserstein2=W1,
        ks=float(np.abs(F_g - scene.F).max()),
        js=0.1,
        kl=float("inf"),
        reverse_kl=0.2,
        energy=0.1,
        mae=W1,
        mse=W1**2,
        folding=0.0,
        mean=float(made.mean()),
        std=float(made.std()),
        mode_masses=masses,
        modes_covered=int(np.sum(masses > 0.25 * scene.mode_masses)),
        outside=float(1 - counts.sum()),
    )
    frame = Frame(
        step=step,
        scene=scene,
        p_g=p_g,
        F_g=F_g,
        g=g,
        rearranged=np.sort(g),
        folds=folds,
        flats=flats,
        logits=np.log(D / (1 - D)),
        optimal_logits=np.log((best + 1e-12) / (1 - best + 1e-12)),
        discriminator=D,
        optimal_discriminator=best,
        value=-1.2,
        optimal_value=-1.1,
        equilibrium_discriminator_loss=2 * np.log(2),
        equilibrium_generator_loss=float(np.log(2)),
        push=push * np.gradient(np.log(D), scene.x),
        discriminator_loss=losses[0],
        generator_loss=losses[1],
        discriminator_gradient=0.2,
        generator_gradient=0.1,
        real=np.interp(random.random(128), scene.z, inner),
        fake=G(random.random(128)),
        readings=readings,
        sampled=False,
        diagnosis="Healthy: the two densities come closer, W₁/σ fell from 1.2 to 0.031 over the last 200 steps.",
        verdict="healthy",
    )
    return replace(frame, **changes)


NORMAL = scene_of(stats.norm(4, 1.25), (-1.0, 9.0))
TWO = scene_of(TwoNormals(), (-6.0, 6.0), valleys=(0.0,), label="0.5*normal(-3, 0.5) + 0.5*normal(3, 0.5)", spread=3.0)


def towards_normal(share):
    """A map on its way from a narrow heap to N(4, 1.25)."""
    return lambda z: (1 - share) * (1 + z) + share * stats.norm(4, 1.25).ppf(np.clip(z, 0.001, 0.999))


def history(count, scene=NORMAL):
    return [
        frame_of(scene, towards_normal(place / count), step=20 * place, seed=place, losses=(1.4 - 0.02 * place, 0.7))
        for place in range(count)
    ]


def collapsed(x=2.0, width=1e-6, **changes):
    flat = Flat(0.0, 1.0, x, 1.0)
    return frame_of(NORMAL, lambda z: x + width * z, flats=(flat,), **changes)


def diverged(step):
    frame = frame_of(NORMAL, towards_normal(0.5), step=step)
    nothing, nan = np.full(CELLS, np.nan), float("nan")
    unread = dict.fromkeys(("wasserstein", "wasserstein_over_std", "ks", "kl", "outside", "mean", "std"), nan)
    return replace(
        frame,
        p_g=nothing,
        F_g=nothing,
        g=np.full(POINTS, np.nan),
        rearranged=np.full(POINTS, np.nan),
        logits=nothing,
        optimal_logits=nothing,
        discriminator=nothing,
        optimal_discriminator=nothing,
        push=nothing,
        fake=np.full(128, np.nan),
        discriminator_loss=nan,
        generator_loss=float("inf"),
        readings=replace(frame.readings, mode_masses=np.array([nan]), modes_covered=0, **unread),
        finite=False,
        diagnosis="Diverged: the generator's loss stopped being a number at step 100.",
    )


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def alone(draw, *given, **settings):
    """The pixels of one drawing on axes of its own."""
    figure = Figure(figsize=(6, 4), dpi=60)
    draw(figure.add_axes((0.15, 0.15, 0.65, 0.6)), *given, **settings)
    return pixels(figure)


def pictures(path, size):
    """What the encoder made, read back: every picture, and what is said of the stream."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    answer = subprocess.run(command, capture_output=True, check=True)
    said = next(line for line in answer.stderr.decode().splitlines() if "Video:" in line)
    return np.frombuffer(answer.stdout, np.uint8).reshape(-1, size[1], size[0], 3), said


def texts(figure):
    """Every word that is seen, with the box around it in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = list(figure.texts)
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            found += [tick.label2 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            found.append(axis.label)
        found += [ax.title, ax._left_title, *ax.texts]
        if ax.get_legend() is not None:
            found += ax.get_legend().get_texts()
    seen = [text for text in found if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent(canvas.get_renderer())) for text in seen]


SCENES = {
    "one mode, with history": lambda: (history(6)[-1], history(6)),
    "one frame alone": lambda: (frame_of(NORMAL, towards_normal(0.4)), None),
    "two modes, collapsed": lambda: (
        frame_of(
            TWO,
            lambda z: np.where(z < 0.6, -3.0, -3.0 + 3 * np.sin(9 * z)),
            folds=(Fold(0.7, 0.95),),
            flats=(Flat(0.0, 0.6, -3.0, 0.6),),
            diagnosis="Collapsed onto 1 of 2 modes: " + "far too much of what G makes lies in one of them, " * 9,
        ),
        [frame_of(TWO, lambda z: 6 * z - 3, step=-20), frame_of(TWO, lambda z: 6 * z - 3, step=0)],
    ),
    "a long name": lambda: (
        frame_of(
            replace(NORMAL, label="column_with_a_very_long_name_$x$ " * 9, density_label="KDE of the 272 data values"),
            towards_normal(0.1),
            step=1_234_567,
        ),
        None,
    ),
    "a needle": lambda: (collapsed(), [collapsed(step=-1), collapsed()]),
    "diverged": lambda: (diverged(100), [*history(5), diverged(100)]),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size", [(12.8, 7.2), (12.0, 6.75)])
def test_words_are_large_enough_inside_the_picture_and_clear_of_each_other(scene, size):
    frame, frames = SCENES[scene]()
    figure = panel(frame, frames, size=size)
    words = texts(figure)
    assert min(text.get_fontsize() for text, _ in words) >= 9
    width, height = figure.bbox.size
    for place, (text, box) in enumerate(words):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text.get_text()!r} is cut off"
        for other, its in words[place + 1 :]:
            overlap = min(box.x1, its.x1) > max(box.x0, its.x0) and min(box.y1, its.y1) > max(box.y0, its.y0)
            assert not overlap, f"{text.get_text()!r} runs into {other.get_text()!r}"


def test_panel_says_the_diagnosis_and_the_key_numbers():
    frame = frame_of(TWO, lambda z: -3 + 0.1 * z, step=1234)
    said = " ".join(text.get_text() for text, _ in texts(panel(frame))).replace("\n", " ")
    assert frame.diagnosis in said
    assert "1,234" in said and "1 of 2" in said and f"{frame.readings.ks:.3f}" in said


def test_legend_says_where_the_target_is_an_estimate_from_data():
    frame = frame_of(replace(NORMAL, density_label="KDE of the data", is_sample=True), towards_normal(0.5))
    assert any("KDE of the data" in text.get_text() for text, _ in texts(panel(frame)))


def test_pixels_change_when_the_generator_does():
    before, after = frame_of(NORMAL, towards_normal(0.5)), frame_of(NORMAL, towards_normal(0.6))
    assert np.any(alone(draw_map, before) != alone(draw_map, after))
    assert np.any(alone(draw_densities, before) != alone(draw_densities, after))


def test_a_change_of_the_discriminator_alone_leaves_the_map_and_changes_the_densities():
    before = frame_of(NORMAL, towards_normal(0.5))
    after = replace(before, discriminator=np.full(CELLS, 0.9), logits=np.full(CELLS, np.log(9.0)), push=-before.push)
    assert np.array_equal(alone(draw_map, before), alone(draw_map, after))
    assert np.any(alone(draw_densities, before) != alone(draw_densities, after))


def test_a_drawing_brought_to_another_frame_equals_one_drawn_afresh():
    first, second = frame_of(NORMAL, towards_normal(0.2)), collapsed()
    view = View.of([first, second])
    for draw in (draw_densities, draw_map):
        figure = Figure(figsize=(6, 4), dpi=60)
        drawing = draw(figure.add_axes((0.15, 0.15, 0.65, 0.6)), first, view=view)
        drawing.update(second)
        assert np.array_equal(pixels(figure), alone(draw, second, view=view))


def test_a_collapse_does_not_squash_the_target():
    limits = []
    for frame in (frame_of(NORMAL, towards_normal(1.0)), collapsed()):
        ax = Figure().add_subplot()
        draw_densities(ax, frame)
        limits.append(ax.get_ylim())
    assert limits[0] == limits[1]
    assert limits[0][1] < 3 * NORMAL.p.max()


def test_a_clipped_spike_is_marked_where_it_stands():
    ax = Figure().add_subplot()
    draw_densities(ax, collapsed(x=2.0))
    peaks = [line.get_xdata() for line in ax.lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert len(peaks) == 1
    assert peaks[0][0] == pytest.approx(2.0, abs=0.05)


def test_a_pole_of_the_target_leaves_the_rest_of_it_visible():
    scene = scene_of(stats.beta(0.5, 0.5), (-0.2, 1.2), spread=0.35)
    view = View.of([frame_of(scene, lambda z: z)])
    assert scene.p.max() > view.ceiling > 0
    assert scene.p[CELLS // 2] > 0.1 * view.ceiling


def test_signs_stand_where_too_much_and_too_little_is_made():
    ax = Figure().add_subplot()
    draw_densities(ax, frame_of(NORMAL, lambda z: stats.norm(2, 1.25).ppf(np.clip(z, 1e-4, 1 - 1e-4))))
    at = {line.get_marker(): line.get_xdata() for line in ax.lines if line.get_marker() in ("+", "_")}
    assert len(at["+"]) == len(at["_"]) == 1
    assert at["+"][0] < 3 < at["_"][0]


def test_arrows_point_where_fakes_are_pushed_and_none_appear_without_a_push():
    def arrows(push):
        ax = Figure().add_subplot()
        draw_densities(ax, replace(frame_of(NORMAL, towards_normal(0.5)), push=np.full(CELLS, push)))
        return {line.get_marker(): len(line.get_xdata()) for line in ax.lines if line.get_marker() in ("<", ">")}

    assert arrows(0.5)[">"] > 3 and arrows(0.5)["<"] == 0
    assert arrows(-0.5)["<"] > 3 and arrows(-0.5)[">"] == 0
    assert arrows(0.0) == {"<": 0, ">": 0}


def test_a_flat_is_named_with_the_mass_it_holds():
    flats = (Flat(0.1, 0.5, 2.0, 0.4), Flat(0.6, 0.605, 6.0, 0.005))
    ax = Figure().add_subplot()
    draw_map(ax, frame_of(NORMAL, towards_normal(0.5), flats=flats))
    assert [text.get_text() for text in ax.texts if text.get_visible()] == ["holds 40%"]


def test_folds_are_marked_on_the_map():
    frame = frame_of(NORMAL, towards_normal(0.5))
    assert np.any(alone(draw_map, frame) != alone(draw_map, replace(frame, folds=(Fold(0.4, 0.6),))))


def test_the_game_shows_nothing_after_its_index():
    frames = history(11)

    def at(index):
        figure = Figure(figsize=(9, 3), dpi=60)
        draw_game(figure.subplots(1, 3).tolist(), frames, index)
        return figure, pixels(figure)

    _, start = at(0)
    figure, middle = at(5)
    for ax in figure.axes:
        column = int(ax.transData.transform((frames[5].step, 1.0))[0]) + 5
        right = int(ax.bbox.x1) - 1
        rows = slice(int(180 - ax.bbox.y1) + 1, int(180 - ax.bbox.y0) - 1)
        assert np.array_equal(start[rows, column:right], middle[rows, column:right])
        assert np.any(start[rows, : column - 5] != middle[rows, : column - 5])


def test_the_limits_of_the_game_are_those_of_the_whole_history():
    frames = history(6)
    limits = []
    for index in (0, 5):
        axes = Figure().subplots(1, 2)
        draw_game(axes.tolist(), frames, index)
        limits.append([(ax.get_xlim(), ax.get_ylim()) for ax in axes])
    assert limits[0] == limits[1]


def test_masses_of_the_modes_fill_the_strip_in_their_order():
    figure = Figure()
    axes = figure.subplots(1, 3).tolist()
    draw_game(axes, [frame_of(TWO, lambda z: np.where(z < 0.8, -3.0, 3.0), step=step) for step in (0, 10)])
    lower, upper = (area.get_paths()[0].vertices[:, 1] for area in axes[2].collections)
    assert (lower.min(), lower.max()) == pytest.approx((0.0, 0.8), abs=1e-3)
    assert (upper.min(), upper.max()) == pytest.approx((0.8, 1.0), abs=1e-3)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_no_number_or_beyond_all_bounds_is_drawn_all_the_same(theme):
    wild = frame_of(NORMAL, lambda z: 1e30 * (z - 0.5), step=80, push=1e30)
    endless = replace(wild, p_g=np.full(CELLS, np.inf), g=np.full(POINTS, np.inf), fake=np.full(128, -np.inf), step=90)
    frames = [*history(4), wild, endless, diverged(100)]
    drawn = [pixels(panel(frame, frames, theme=theme, dpi=50)) for frame in frames[-3:]]
    assert all(np.ptp(picture) > 100 for picture in drawn)


def test_every_line_has_dashes_and_colour_of_its_own():
    for theme in THEMES.values():
        strokes = [theme.target, theme.generator, theme.rearranged, theme.discriminator, theme.optimal]
        assert len({str(stroke.dashes) for stroke in strokes}) == len({stroke.colour for stroke in strokes}) == 5


def test_themes_differ_in_background():
    frame = frame_of(NORMAL, towards_normal(0.5))
    light, dark = (pixels(panel(frame, theme=theme, dpi=50)) for theme in ("light", "dark"))
    assert np.median(light) > 240 and np.median(dark) < 40


def test_figures_of_several_threads_do_not_disturb_each_other():
    from concurrent.futures import ThreadPoolExecutor

    frames = history(4)
    expected = [pixels(panel(frame, frames, dpi=50)) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda frame: pixels(panel(frame, frames, dpi=50)), frames))
    assert all(np.array_equal(one, other) for one, other in zip(expected, drawn, strict=True))


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
        (lambda folder: panel(history(1)[0], size=(4, 3)), "12 × 6.75"),
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


def test_drawing_needs_neither_pyplot_nor_jax():
    code = (
        "import sys, gausslab.figures\n"
        "print([name for name in ('matplotlib.pyplot', 'jax', 'streamlit') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert answer.stdout.strip() == "[]"


def test_pyplot_is_told_of_no_figure():
    from matplotlib._pylab_helpers import Gcf

    panel(frame_of(NORMAL, towards_normal(0.5)))
    assert not Gcf.figs
