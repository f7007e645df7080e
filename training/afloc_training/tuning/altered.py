"""Films with something that is no finding taken away or put on; the score should not care."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import read_only
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_training.films import network_input
from afloc_training.lesions_heart import paint_device
from afloc_training.lung_fields import find_lungs
from afloc_training.painting import SIDE_PX

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray, Image

# Where markers, names and collimation are: shares of the film's sides.
_BORDER, _CORNER = 0.05, 0.15


def without_edges(film: Image) -> Image:
    """The film with its border and corners in the grey, or the colour, of its median."""
    rows, columns = film.pixels.shape
    down, across = round(rows * _BORDER), round(columns * _BORDER)
    is_edge = np.ones((rows, columns), bool)
    is_edge[down : rows - down, across : columns - across] = False
    down, across = round(rows * _CORNER), round(columns * _CORNER)
    for vertical in (slice(0, down), slice(rows - down, rows)):
        for horizontal in (slice(0, across), slice(columns - across, columns)):
            is_edge[vertical, horizontal] = True
    pixels = film.pixels.copy()
    pixels[is_edge] = np.median(pixels)
    colour = None if film.colour is None else film.colour.copy()
    if colour is not None:
        colour[is_edge] = np.median(colour, axis=(0, 1))
    return replace(
        film,
        pixels=read_only(pixels),
        # Another hash: the localizer keeps what it computed for a film.
        pixel_sha256=f"{film.pixel_sha256} edges",
        colour=None if colour is None else read_only(colour),
    )


def with_a_tube(film: Image, seed: int) -> tuple[Image, Image] | None:
    """A chest film in the size the brushes know, as it is and with a tube or a line painted in.

    Args:
        film: Frontal, grey.
        seed: Of tube, course and grey.

    Returns:
        None where both lungs are not beyond doubt.
    """
    if film.colour is not None:
        return None
    plane = network_input(film, _brushes_spec())[0, 0]
    lungs = find_lungs(plane)
    if lungs is None:
        return None
    painted = paint_device(np.random.default_rng(seed), plane, lungs)
    if painted is None:
        return None
    rows, columns = film.pixels.shape
    frame = _brushes_spec().frame(rows, columns, film.pixel_aspect)
    inner = (
        slice(frame.top, frame.top + frame.height),
        slice(frame.left, frame.left + frame.width),
    )
    before = _of_plane(film, plane[inner], "plane")
    return before, _of_plane(film, painted.film[inner], "tube")


def _brushes_spec() -> PreprocessSpec:
    return PreprocessSpec(
        version=1,
        side=SIDE_PX,
        fit="letterbox",
        resize="area-linear",
        low_percentile=1.0,
        high_percentile=99.0,
        planes="grey",
        channels=1,
        mean=0.0,
        std=1.0,
        pad=0.0,
    )


def _of_plane(film: Image, plane: FloatArray, name: str) -> Image:
    return replace(
        film,
        pixels=read_only(plane.copy()),
        pixel_sha256=f"{film.pixel_sha256} {name}",
        padding=None,
        pixel_aspect=1.0,
        voi=(),
        overlays=(),
    )
