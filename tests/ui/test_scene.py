from dataclasses import replace

import numpy as np
import pytest
from doubles import film, listing, ref
from readings import EFFUSION, MODEL, answer, reading

from afloc_desktop.core.dicom.display import MinMax
from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import Overlay, Prompt, VoiWindow
from afloc_desktop.core.geometry import Point
from afloc_desktop.ui.qt import QImage, QPainter
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.windowing import own_window


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


def test_resetting_shows_the_film_as_it_opened():
    scene = Scene(film(), 500, 600)
    first, view = scene.choice, scene.view
    scene.choice, scene.is_inverted = replace(first, width=3.0), True
    scene.turn(Turn(1, True))
    scene.reset()
    assert (scene.choice, scene.is_inverted, scene.view) == (first, False, view)


TURNS = [Turn(quarters, is_mirrored) for quarters in range(4) for is_mirrored in (False, True)]
NOTHING = reading(prompt=None)


def dot_film(rows, columns, row, column, aspect):
    """A film that is black but for a square of nine pixels."""
    pixels = np.zeros((rows, columns), np.float32)
    pixels[row - 1 : row + 2, column - 1 : column + 2] = 600
    image = film(rows=rows, columns=columns, pixels=pixels)
    return replace(image, pixel_aspect=aspect, pixels=pixels)


def centre_of(painted_pixels):
    """Middle of what is bright, in device pixels."""
    light = painted_pixels.max(axis=-1).astype(float)
    rows, columns = np.indices(light.shape)
    return (
        (columns * light).sum() / light.sum() + 0.5,
        (rows * light).sum() / light.sum() + 0.5,
    )


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("aspect", [1.0, 2.0, 0.5])
@pytest.mark.parametrize(("rows", "columns"), [(60, 50), (31, 124), (200, 17)])
def test_a_bright_dot_is_painted_where_the_view_says(rows, columns, aspect, turn):
    row, column = rows // 4, columns // 3
    scene = Scene(dot_film(rows, columns, row, column, aspect), 401, 300)
    scene.turn(turn)
    pixels, _ = painted(scene, NOTHING)
    expected = scene.view.to_screen(Point(column + 0.5, row + 0.5))
    assert centre_of(pixels) == pytest.approx(expected, abs=0.5)
    assert scene.probe(expected)[:2] == (column, row)


@pytest.mark.parametrize("turn", [Turn(), Turn(1), Turn(2, True)], ids=str)
@pytest.mark.parametrize("aspect", [2.0, 0.4, 1.1])
def test_a_circle_in_the_patient_is_a_circle_on_the_screen(aspect, turn):
    y, x = np.mgrid[:200, :200]
    across, down = max(1, 1 / aspect), max(1, aspect)
    disc = np.hypot((x - 99.5) * across, (y - 99.5) * down) < 90
    image = film(rows=200, columns=200, pixels=disc.astype(np.float32) * 600)
    scene = Scene(replace(image, pixel_aspect=aspect), 900, 900)
    scene.turn(turn)
    light = painted(scene, NOTHING)[0].max(axis=-1) > 127
    wide, high = np.ptp(np.flatnonzero(light.any(0))), np.ptp(np.flatnonzero(light.any(1)))
    # One source pixel, coarse as it may be, is all that the edge can be off.
    assert wide == pytest.approx(high, abs=2 * max(across, down) * scene.view.zoom)


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("zoom", [1.0, 7.0, 0.3])
def test_graphics_of_the_file_lie_on_their_pixels_and_can_be_left_out(turn, zoom):
    mask = np.zeros((80, 60), bool)
    mask[20, 15] = True
    image = film(rows=80, columns=60, pixels=np.zeros((80, 60), np.float32))
    scene = Scene(replace(image, overlays=(Overlay(mask, "G", ""),)), 500, 500)
    scene.turn(turn)
    scene.zoom(zoom / scene.view.zoom)
    pixels, _ = painted(scene, NOTHING)
    at = scene.view.to_screen(Point(15.5, 20.5))
    assert centre_of(pixels) == pytest.approx(at, abs=max(0.5, 1 / zoom))
    colours = np.unique(pixels.reshape(-1, 3), axis=0)
    assert len(colours) == 2  # crisp: drawn or not
    scene.has_graphics = False
    assert not painted(scene, NOTHING)[0].any()


def test_a_colour_image_is_painted_in_its_colours():
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[..., 0] = 200
    image = replace(film(rows=4, columns=4), colour=colour)
    scene = Scene(image, 4, 4)
    scene.zoom(1 / scene.view.zoom)
    pixels, _ = painted(scene, NOTHING)
    assert pixels[2, 2].tolist() == [0, 0, 200]  # blue, green, red
    scene.is_inverted = True
    assert painted(scene, NOTHING)[0][2, 2].tolist() == [255, 255, 55]


def test_the_probe_speaks_of_the_files_own_values():
    image = film()
    assert Scene(replace(image, unit="HU"), 9, 9).words(1, 2, -40.0) == "x 1  y 2   value -40 HU"
    stored = Scene(replace(image, unit="HU", is_as_stored=True), 9, 9)
    assert stored.words(1, 2, 7.0) == "x 1  y 2   stored value 7"
    turned = replace(image, unit="HU", rescale=(-0.5, 100.0), is_inverted=True)
    assert Scene(turned, 9, 9).words(1, 2, -40.5) == "x 1  y 2   stored 281   value -40.5 HU"
    colour = np.full((60, 50, 3), 9, np.uint8)
    words = Scene(replace(image, colour=colour), 9, 9).words(1, 2, 9.0)
    assert words == "x 1  y 2   red 9  green 9  blue 9"


def test_where_a_film_was_listed_is_sought_once_in_a_listing(monkeypatch):
    sought = []
    monkeypatch.setattr("afloc_desktop.ui.scene.home_of", lambda *found: sought.append(found))
    scene, one, other = Scene(film(1), 40, 30), listing(1), listing(1, 2)
    for found in (one, one, other, other):
        scene.home(found)
    assert [found for found, _ in sought] == [one, other]


def stacked(*numbers, **changes):
    """A listing with one series of slices, and a scene of each."""
    refs = tuple(replace(ref(n), position_mm=float(n)) for n in numbers)
    (study,) = listing(1).studies
    series = replace(study.series[0], images=refs, **changes)
    found = replace(listing(1), studies=(replace(study, series=(series,)),))
    return found, [Scene(film(r.instance_number, ref=r), 400, 300) for r in refs]


def test_slices_of_a_stack_are_told_from_films_taken_one_by_one():
    found, (one, other) = stacked(1, 2)
    assert one.is_stack(found)
    assert one.is_stacked_with(other, found)
    assert not Scene(film(1), 400, 300).is_stack(listing(1))
    assert not one.is_stacked_with(Scene(film(2, rows=9, ref=other.film.image.ref), 9, 9), found)


def test_a_slice_is_looked_at_as_the_one_before_it():
    _, (one, other) = stacked(1, 2)
    one.choice, one.is_inverted = replace(one.choice, width=7.0), True
    one.zoom(2)
    other.look_like(one)
    assert (other.choice, other.is_inverted, other.view) == (one.choice, True, one.view)


def test_a_linked_film_of_another_size_shows_the_same_part():
    one, other = Scene(film(), 400, 300), Scene(film(2, rows=120, columns=100), 500, 400)
    one.zoom(3)
    one.pan(40, -20)
    other.follow(one)
    share = [(s.view.centre.x / s.film.image.columns, s.view.centre.y / s.film.image.rows)
             for s in (one, other)]  # fmt: skip
    assert share[1] == pytest.approx(share[0])
    one.fit()
    other.follow(one)
    assert other.view.centre == Point(50, 60)


def test_a_linked_window_is_carried_relative_to_each_films_own():
    dark = VoiWindow(3000.0, 6000.0, "LINEAR", "STANDARD")
    one, other = Scene(film(), 400, 300), Scene(film(2, voi=(dark,)), 400, 300)
    one.choice = own_window(240.0, 300.0)  # a tenth below the middle, half as wide
    other.follow(one)
    assert (other.choice.centre, other.choice.width) == pytest.approx((2400.0, 3000.0))
    one.choice = MinMax()
    other.follow(one)
    assert other.choice == MinMax()
    one.choice = one.film.image.voi[0]
    other.follow(one)
    assert other.choice == dark


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_a_frame_painted_again_is_exact_and_lies_where_the_first_did(turn):
    rng = np.random.default_rng(5)
    smooth = np.kron(rng.random((6, 5)), np.ones((40, 40))).astype(np.float32) * 600
    scene = Scene(film(rows=240, columns=200, pixels=smooth), 151, 130)
    scene.turn(turn)
    rough, _ = painted(scene, NOTHING)
    assert scene.is_rough
    exact, _ = painted(scene, NOTHING)
    assert not scene.is_rough
    off = np.abs(rough.astype(int) - exact)[..., 0]
    assert np.median(off) <= 1
    assert (off > 60).mean() < 0.02  # the edge of the film and of a step
    scene.pan(1, 0)
    painted(scene, NOTHING)
    assert scene.is_rough
