"""The table of papers."""

from __future__ import annotations

from gausslab.reproductions.connoisseur import CONNOISSEUR
from gausslab.reproductions.dirac_gan import DIRAC_GAN
from gausslab.reproductions.f_gan import F_GAN
from gausslab.reproductions.findings import Reproduction
from gausslab.reproductions.first_order import LI_2018

REPRODUCTIONS: dict[str, Reproduction] = {
    "dirac-gan": DIRAC_GAN,
    "f-gan": F_GAN,
    "connoisseur": CONNOISSEUR,
    "first-order": LI_2018,
}
