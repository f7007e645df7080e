"""The overlay lies on what the model looked at, whatever the film's shape and however it is turned.

A model that answers where a bright dot is: its grid is the network input itself, in blocks. What
is painted is compared with the film by two routes that share nothing: through the view's own
geometry, and with the dot as the film's grey levels show it on the same screen.
"""

import random

import numpy as np
import pytest
from doubles import film
from readings import EFFUSION, answer, reading

from afloc_desktop.core.colours import heat
from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import Heatmap
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.heatmap import over_film
from afloc_desktop.core.preprocess import PreprocessSpec, prepare
from afloc_desktop.ui import overlay
from afloc_desktop.ui.qt import QImage, QPainter
from afloc_desktop.ui.scene import Scene

PHANTOMS, LARGEST_ERROR = 500, 0.5  # source pixels
SIDE, CELLS = 256, 128
SPEC = PreprocessSpec(1, SIDE, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0)
ALONE = reading(prompt=None)


def phantom(dice):
    """A film with a dot of a few pixels, and where the dot is."""
    rows = columns = dice.randint(33, 260)
    shape = dice.choice(("square", "any", "tall", "wide"))
    if shape == "any":
        columns = dice.randint(33, 260)
    elif shape == "tall":
        columns = max(17, rows // 4)
    elif shape == "wide":
        rows = max(17, columns // 4)
    at = Point(columns * dice.uniform(0.25, 0.75), rows * dice.uniform(0.25, 0.75))
    y, x = np.indices((rows, columns)) + 0.5
    dot = 600 * np.exp(-((x - at.x) ** 2 + (y - at.y) ** 2) / (2 * 1.3**2))
    aspect = dice.choice((1.0, 1.0, 1.0, 0.5, 2.0))
    image = film(rows=rows, columns=columns, pixels=dot.astype(np.float32), pixel_aspect=aspect)
    return image, at


def mapped(image) -> Heatmap:
    """What the model that sees bright dots answers, by the way every answer goes."""
    prepared = prepare(image.pixels, SPEC, padding=None, pixel_aspect=image.pixel_aspect)
    block = SIDE // CELLS
    grid = prepared.tensor[0, 0].reshape(CELLS, block, CELLS, block).mean(axis=(1, 3))
    surface = over_film(grid, prepared.frame, 0.7, 0.0)
    asked = answer(image=image).heatmap
    return Heatmap(surface.similarity(), surface.scale, EFFUSION, "dots", asked.key, ())


def centre(weights, left=0, top=0) -> Point:
    rows, columns = np.indices(weights.shape) + 0.5
    total = weights.sum()
    return Point((columns * weights).sum() / total + left, (rows * weights).sum() / total + top)


def painted_overlay(heatmap, view) -> Point:
    """Middle of the overlay on the screen, weighted by what its colours mean."""
    highest = float(heatmap.similarity.max())
    look = overlay.Look(0.05 * highest, 0.0, highest, 0.0)
    layer = overlay.paint(heatmap, view, look)
    red, green, blue = heat().T.astype(np.uint32)
    table = 0xFF000000 | red << 16 | green << 8 | blue
    order = np.argsort(table)
    places = order[np.searchsorted(table[order], layer.argb).clip(0, 255)]
    values = np.where(layer.argb == 0, 0, places).astype(float)
    return centre(values, layer.left, layer.top)


def painted_dot(scene) -> Point:
    """Middle of the dot on the screen, as the film's grey levels show it."""
    picture = QImage(scene.view.width, scene.view.height, QImage.Format.Format_RGB32)
    picture.fill(0)
    with QPainter(picture) as painter:
        scene.paint(painter, ALONE)
    grey = np.array(picture.constBits()).reshape(picture.height(), picture.width(), 4)[..., 1]
    return centre(np.where(grey > 12, grey, 0).astype(float))


@pytest.mark.slow
def test_the_overlay_lies_on_the_dot_by_two_routes(capsys):
    dice, errors = random.Random(11), []
    for _ in range(PHANTOMS):
        image, at = phantom(dice)
        scene = Scene(image, dice.randint(150, 261), dice.randint(150, 261))
        scene.turn(Turn(dice.randint(0, 3), dice.random() < 0.5))
        scene.zoom(dice.uniform(1.0, 4.0) / scene.view.zoom)
        seen = scene.view.to_screen(at)
        scene.pan(*(middle / 2 - now + dice.uniform(-25, 25) for middle, now in
                    ((scene.view.width, seen.x), (scene.view.height, seen.y))))  # fmt: skip
        overlaid = painted_overlay(mapped(image), scene.view)
        found = scene.view.to_source(overlaid)
        errors.append((abs(found.x - at.x), abs(found.y - at.y)))
        dot, (across, down) = painted_dot(scene), scene.view.scale
        if scene.view.turn.is_sideways:
            across, down = down, across
        errors.append((abs(overlaid.x - dot.x) / across, abs(overlaid.y - dot.y) / down))
    worst = np.max(errors)
    with capsys.disabled():
        print(f"\noverlay to dot, worst of {PHANTOMS} by two routes: {worst:.2f} source pixels")
    assert worst <= LARGEST_ERROR, worst


def test_a_map_that_lies_half_a_cell_off_is_noticed():
    image, at = phantom(random.Random(3))
    scene = Scene(image, 300, 300)
    right = mapped(image)
    rolled = np.roll(right.similarity, 1, axis=1)
    wrong = Heatmap(rolled, right.scale, EFFUSION, "dots", right.key, ())
    off = scene.view.to_source(painted_overlay(wrong, scene.view)).x - at.x
    assert off == pytest.approx(right.scale[0], abs=0.3)
