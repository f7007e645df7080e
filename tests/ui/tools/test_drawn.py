from dataclasses import replace

import numpy as np
import pytest
from doubles import film
from readings import reading

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import Orientation, Spacing
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import FilmKey, Mark
from afloc_desktop.ui.qt import QImage, QPainter
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.tools.drawn import paint, words
from afloc_desktop.ui.tools.pencil import Pencil

DETECTOR = Spacing(0.2, 0.2, "detector")
POINTS = {
    "length": ((10, 20), (40, 20)),
    "angle": ((10, 10), (20, 20), (30, 10)),
    "rectangle": ((1, 1), (3, 3)),
    "ellipse": ((0, 0), (4, 4)),
    "ratio": ((20, 9), (32, 9), (15, 30), (45, 30)),
    "arrow": ((5, 5), (20, 20)),
    "text": ((25, 25),),
}


def mark(kind, text=""):
    return Mark(kind, tuple(Point(*p) for p in POINTS[kind]), text)


def inked(state, turn=Turn(), pencil=None) -> np.ndarray:  # noqa: B008
    """True where anything is drawn, and the scene."""
    scene = Scene(state.image, 500, 600)
    scene.turn(turn)
    picture = QImage(500, 600, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    with QPainter(picture) as painter:
        paint(painter, scene, state, pencil or Pencil())
    return np.array(picture.constBits()).reshape(600, -1)[:, :500] > 60, scene


def drawn_state(*marks, **changes):
    image = changes.pop("image", film())
    return reading(image=image, marks={FilmKey.of(image): marks}, **changes)


def test_every_length_says_where_it_is_true():
    assert words(mark("length"), film(), DETECTOR) == ["6.0 mm at detector"]
    assert words(mark("length"), film(), replace(DETECTOR, basis="reader")) == [
        "6.0 mm calibrated by hand"
    ]
    assert words(mark("length"), film(), None) == ["30.0 px"]
    assert words(mark("ratio"), film(), DETECTOR) == [
        "CTR 0.40",
        "heart 2.4 mm at detector",
        "chest 6.0 mm at detector",
    ]


def test_statistics_are_in_the_films_own_unit():
    image = film(unit="HU")
    # Rows and columns 1 and 2 of 10 r + c: 11 12 21 22.
    assert words(mark("rectangle"), image, DETECTOR) == [
        "mean 16.5 HU   sd 5.025",
        "min 11   max 22",
        "0.2 mm² at detector",
    ]
    assert words(mark("rectangle"), replace(image, is_as_stored=True), None)[::2] == [
        "mean 16.5   sd 5.025",
        "4 px²",
    ]


def test_an_angle_needs_its_third_point_and_a_note_its_words():
    assert words(mark("angle"), film(), None) == ["90.0°"]
    assert words(replace(mark("angle"), points=mark("length").points), film(), None) == []
    assert words(mark("arrow", "here"), film(), None) == ["here"]
    assert words(mark("arrow"), film(), None) == []


def test_the_ratio_follows_the_patient_not_the_screen():
    lying = film(orientation=Orientation("F", "L"))
    found = words(mark("ratio"), lying, None)
    assert found[1:] == ["heart 0.0 px", "chest 0.0 px"]


@pytest.mark.parametrize("turn", [Turn(), Turn(1), Turn(2, True), Turn(3)], ids=str)
@pytest.mark.parametrize("kind", POINTS)
def test_every_mark_is_drawn_where_it_is_in_every_turn(qtbot, kind, turn):
    ink, scene = inked(drawn_state(mark(kind, "note" if kind == "text" else "")), turn)
    point = Point(*POINTS[kind][0])
    if kind in ("rectangle", "ellipse"):
        point = Point(*{"rectangle": (2, 1), "ellipse": (2, 0)}[kind])
    seen = scene.view.to_screen(point)
    row, column = round(seen.y), round(seen.x)
    assert ink[max(0, row - 12) : row + 13, max(0, column - 12) : column + 13].any()


def test_marks_of_another_film_are_not_drawn(qtbot):
    state = replace(drawn_state(mark("length")), image=film(2))
    assert not inked(state)[0].any()


def test_the_selected_mark_shows_its_handles(qtbot):
    pencil = Pencil()
    plain, _ = inked(drawn_state(mark("length")), pencil=pencil)
    pencil.selected = 0
    chosen, _ = inked(drawn_state(mark("length")), pencil=pencil)
    assert chosen.sum() > plain.sum()


def test_words_stay_on_the_screen(qtbot):
    corner = Mark("length", (Point(40, 58), Point(49, 59)))
    ink, _ = inked(drawn_state(corner, image=film(spacing=DETECTOR)))
    inside, _ = inked(drawn_state(mark("length"), image=film(spacing=DETECTOR)))
    assert ink.sum() > inside.sum() / 2
