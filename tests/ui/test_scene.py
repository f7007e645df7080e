from dataclasses import replace

import numpy as np
import pytest
from doubles import film, ref
from readings import EFFUSION, MODEL, answer, reading

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.geometry import Point
from afloc_desktop.ui.qt import QImage, QPainter
from afloc_desktop.ui.scene import Scene


def painted(scene: Scene, state) -> tuple[np.ndarray, object]:
    """The canvas as uint8 (rows, columns, 4) BGRA, and the answer that was drawn."""
    picture = QImage(scene.view.width, scene.view.height, QImage.Format.Format_RGB32)
    picture.fill(0)
    with QPainter(picture) as painter:
        drawn = scene.paint(painter, state)
    rows, columns = picture.height(), picture.width()
    return np.array(picture.constBits()).reshape(rows, columns, 4)[..., :3], drawn


def is_grey(pixels: np.ndarray) -> bool:
    return bool((pixels.max(axis=-1) == pixels.min(axis=-1)).all())


def test_an_answer_is_painted_over_its_film():
    state = reading()
    pixels, drawn = painted(Scene(state.image, 200, 240), state)
    assert drawn is state.answers[EFFUSION]
    assert not is_grey(pixels)


@pytest.mark.parametrize(
    "state",
    [
        reading(is_hidden=True),
        reading(is_overlay_on=False),
        reading(prompt=None),
        reading(answers={}),
        reading(model=None),
        reading(model=replace(MODEL, bundle_sha256="another bundle")),
        reading(model=replace(MODEL, fingerprint="other preprocessing")),
        reading(answers={EFFUSION: answer(image=film(2))}),
        reading(answers={EFFUSION: answer(image=film(1, pixel_sha256="same name, other pixels"))}),
        reading(answers={EFFUSION: answer(image=film(1, ref=replace(ref(1), frame=2)))}),
        reading(answers={EFFUSION: answer(Prompt("nodule", "preset"))}),
    ],
)
def test_nothing_is_painted_that_does_not_belong_to_the_screen(state):
    pixels, drawn = painted(Scene(film(1), 200, 240), state)
    assert drawn is None
    assert is_grey(pixels)


def test_the_film_on_screen_decides_not_the_state():
    pixels, drawn = painted(Scene(film(2), 200, 240), reading())
    assert (drawn, is_grey(pixels)) == (None, True)


def test_a_threshold_above_the_peak_leaves_the_film_grey():
    state = reading(thresholds={EFFUSION: 0.95})
    pixels, drawn = painted(Scene(state.image, 200, 240), state)
    assert drawn is not None
    assert is_grey(pixels)


def test_inversion_turns_the_painted_grey_and_nothing_else():
    state = reading(prompt=None)
    scene = Scene(state.image, 50, 60)
    scene.zoom(1 / scene.view.zoom)
    scene.pan(0, 0)
    before, _ = painted(scene, state)
    scene.is_inverted = True
    after, _ = painted(scene, state)
    assert np.array_equal(after, 255 - before)


def test_the_probe_names_column_row_and_modality_value():
    scene = Scene(film(), 500, 600)
    at = scene.view.to_screen(Point(7.5, 12.5))
    assert scene.probe(at) == (7, 12, 127.0)
    assert scene.probe(scene.view.to_screen(Point(-0.1, 5))) is None
    assert scene.probe(scene.view.to_screen(Point(5, 60.1))) is None


def test_the_probe_is_in_the_files_own_polarity():
    scene = Scene(film(is_inverted=True), 500, 600)
    assert scene.probe(scene.view.to_screen(Point(7.5, 12.5))) == (7, 12, -127.0)


def test_a_fitted_film_stays_fitted_and_a_moved_one_stays_put():
    scene = Scene(film(), 500, 600)
    scene.resize(1000, 1200)
    assert scene.view.zoom == pytest.approx((1000 - 12) / 50)
    scene.pan(30, 0)
    before = scene.view.centre
    scene.resize(500, 600)
    assert (scene.view.centre, scene.view.zoom) == (before, pytest.approx((1000 - 12) / 50))


def test_resetting_restores_the_files_own_window():
    scene = Scene(film(), 500, 600)
    first = scene.choice
    scene.choice, scene.is_inverted = replace(first, width=3.0), True
    scene.reset_window()
    assert (scene.choice, scene.is_inverted) == (first, False)
