"""Frames made by hand, and ways to look at what is drawn of them."""

import subprocess
from dataclasses import replace

import imageio_ffmpeg
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from gausslab.frame import Flat, Frame, Readings, Scene

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
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
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


def clear_words(figure):
    """Every word that is seen, once it is certain that none is cut off and none runs into another."""
    words = texts(figure)
    width, height = figure.bbox.size
    for place, (text, box) in enumerate(words):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text.get_text()!r} is cut off"
        for other, its in words[place + 1 :]:
            overlap = min(box.x1, its.x1) > max(box.x0, its.x0) and min(box.y1, its.y1) > max(box.y0, its.y0)
            assert not overlap, f"{text.get_text()!r} runs into {other.get_text()!r}"
    return words
