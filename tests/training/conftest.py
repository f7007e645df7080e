from __future__ import annotations

import numpy as np
import pytest
from afloc_training.lung_fields import Lungs
from scipy import ndimage

SIDE = 384


def ellipse(row: float, column: float, height: float, width: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return ((y - row) / height) ** 2 + ((x - column) / width) ** 2 < 1


@pytest.fixture
def drawn_lungs() -> Lungs:
    """Two upright ellipses, 100 px right and left of a midline at column 192."""
    return Lungs(right=ellipse(190, 110, 115, 55), left=ellipse(190, 274, 115, 55))


@pytest.fixture
def drawn_film(drawn_lungs: Lungs) -> np.ndarray:
    """A chest: black surroundings, grey body, dark lungs, a little grain."""
    body = ellipse(210, 192, 200, 165)
    film = np.where(body, 0.75, 0.05)
    film = np.where(drawn_lungs.right | drawn_lungs.left, 0.3, film)
    grain = np.random.default_rng(0).normal(0, 0.01, film.shape)
    return np.clip(ndimage.gaussian_filter(film, 2) + grain, 0, 1).astype(np.float32)
