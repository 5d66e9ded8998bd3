"""Figures of a run: one panel, its three parts on axes of your own, and films.

Everything here reads frames and nothing else, and is the only place that imports matplotlib. Only matplotlib's object
interface is used, never pyplot: figures may then be made in any number of threads and are freed when forgotten.
"""

from gausslab.figures.densities import draw_densities
from gausslab.figures.drawing import Drawing, View
from gausslab.figures.film import film, film_together
from gausslab.figures.game import draw_game
from gausslab.figures.layout import PANELS
from gausslab.figures.map import draw_map
from gausslab.figures.movie import Movie
from gausslab.figures.palette import THEMES, Stroke, Theme
from gausslab.figures.panel import panel
from gausslab.figures.poster import moments, poster
from gausslab.figures.saving import png, save
from gausslab.figures.thumbnail import thumbnail
from gausslab.figures.together import (
    LAYOUTS,
    Track,
    draw_densities_together,
    draw_maps_together,
    draw_race,
    panel_together,
)

__all__ = [
    "LAYOUTS",
    "PANELS",
    "THEMES",
    "Drawing",
    "Movie",
    "Stroke",
    "Theme",
    "Track",
    "View",
    "draw_densities",
    "draw_densities_together",
    "draw_game",
    "draw_map",
    "draw_maps_together",
    "draw_race",
    "film",
    "film_together",
    "moments",
    "panel",
    "panel_together",
    "png",
    "poster",
    "save",
    "thumbnail",
]
