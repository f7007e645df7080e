from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from doubles import film, listing, ref
from readings import EFFUSION, MODEL, asked, reading

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import EyeView, Listing, Orientation, Series, Study
from afloc_desktop.state.store import State, home_of
from afloc_desktop.ui import corners
from afloc_desktop.ui.qt import QImage, QPainter, QRect, Qt
from afloc_desktop.ui.scene import Scene

FLAG = Qt.AlignmentFlag


def painted(call, *arguments) -> np.ndarray:
    """What a call draws on black, uint8, shape (300, 400)."""
    picture = QImage(400, 300, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    with QPainter(picture) as painter:
        call(painter, QRect(0, 0, 400, 300), *arguments)
    return np.array(picture.constBits()).reshape(300, 400)


def edges(monkeypatch, scene):
    """What stands at the left, right, top and bottom edge."""
    written = {}
    make = corners._marker

    def note(letters, *look):
        marker = make(letters, *look)

        def placed(area, where):
            edge = next(
                name
                for name, flag in (("left", FLAG.AlignLeft), ("right", FLAG.AlignRight),
                                   ("top", FLAG.AlignTop), ("bottom", FLAG.AlignBottom))
                if where & flag
            )  # fmt: skip
            written[edge] = letters
            return marker.placed(area, where)

        return SimpleNamespace(placed=placed)

    monkeypatch.setattr(corners, "_marker", note)
    ink = painted(corners.paint_markers, scene)
    return written, ink


@pytest.mark.parametrize(
    ("turn", "left", "right", "top", "bottom"),
    [
        # A frontal film hangs with the patient's right on the left, head up.
        (Turn(0), "R", "L", "H", "F"),
        (Turn(1), "F", "H", "R", "L"),
        (Turn(2), "L", "R", "F", "H"),
        (Turn(3), "H", "F", "L", "R"),
        (Turn(0, True), "L", "R", "H", "F"),
        (Turn(1, True), "F", "H", "L", "R"),
        (Turn(2, True), "R", "L", "F", "H"),
        (Turn(3, True), "H", "F", "R", "L"),
    ],
)
def test_markers_follow_every_turn(qtbot, monkeypatch, turn, left, right, top, bottom):
    scene = Scene(film(orientation=Orientation("L", "F")), 400, 300)
    scene.turn(turn)
    written, ink = edges(monkeypatch, scene)
    assert written == {"left": left, "right": right, "top": top, "bottom": bottom}
    assert ink[:, :60].any()
    assert ink[:, -60:].any()
    assert ink[:40].any()
    assert not ink[60:-155, 60:-60].any()


def test_a_film_that_hangs_the_other_way_has_its_markers_there(qtbot, monkeypatch):
    scene = Scene(film(orientation=Orientation("R", "F")), 400, 300)
    assert edges(monkeypatch, scene)[0]["left"] == "L"
    lateral = Scene(film(orientation=Orientation("P", "F")), 400, 300)
    assert edges(monkeypatch, lateral)[0]["left"] == "A"


def test_an_unknown_side_has_no_marker_and_says_so(qtbot):
    scene = Scene(film(orientation=None), 400, 300)
    assert not painted(corners.paint_markers, scene).any()
    assert corners.how_shown(scene)[0] == "Side not stated in the file"
    assert len(corners.how_shown(Scene(film(), 400, 300))) == 1


def test_a_colour_image_has_no_window_to_tell():
    image = replace(film(), colour=np.zeros((60, 50, 3), np.uint8))
    assert corners.how_shown(Scene(image, 400, 300)) == ["Colour"]


def test_a_photograph_of_an_eye_says_which_eye_and_how_wide():
    colour = np.zeros((60, 50, 3), np.uint8)
    image = replace(film(orientation=None), colour=colour, eye=EyeView("L", 45.0, "Retina", ""))
    shown = corners.how_shown(Scene(image, 400, 300))
    assert shown == ["Left eye (OS)   field 45°", "Retina", "Colour"]
    unknown = replace(image, eye=EyeView("", None, "", ""))
    assert corners.how_shown(Scene(unknown, 400, 300))[0] == "Side not stated in the file"


def test_corner_text_is_readable_on_white(qtbot):
    picture = QImage(400, 300, QImage.Format.Format_Grayscale8)
    picture.fill(255)
    with QPainter(picture) as painter:
        corners.write_lines(painter, QRect(0, 0, 400, 300), Qt.AlignmentFlag.AlignLeft, ["W 600"])
    assert np.array(picture.constBits()).min() < 90


@pytest.mark.parametrize(
    ("where", "rows", "columns"),
    [
        (FLAG.AlignLeft | FLAG.AlignTop, slice(0, 60), slice(0, 120)),
        (
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom,
            slice(240, 300),
            slice(280, 400),
        ),
    ],
)
def test_corner_text_stands_in_its_corner(qtbot, where, rows, columns):
    ink = painted(corners.write_lines, where, ["Doe, Jane", "", "PID"])
    assert ink[rows, columns].any()
    ink[rows, columns] = 0
    assert not ink.any()


def test_the_caption_says_what_is_painted():
    state = reading()
    found = corners.caption(state, state.answer)
    assert found.startswith("Pleural effusion   similarity 0.")
    assert "(threshold 0.30)" in found


def test_the_caption_says_that_nothing_reaches_the_threshold():
    state = reading(thresholds={EFFUSION: 0.9})
    assert "nothing at or above 0.90" in corners.caption(state, state.answer)


def test_the_caption_never_speaks_of_probability():
    for state in (reading(), reading(thresholds={EFFUSION: 0.9})):
        assert "probab" not in corners.caption(state, state.answer).lower()


def test_the_caption_waits_for_an_answer_on_its_way():
    state = reading(answers={}, busy=frozenset({"survey"}))
    assert corners.caption(state, None) == "Pleural effusion   comparing…"


def test_the_caption_says_that_the_reader_rejected_it():
    state = reading()
    state = replace(state, judged={state.answer.heatmap.key: SimpleNamespace(status="rejected")})
    assert corners.caption(state, None) == "Pleural effusion   rejected"


def test_a_caption_without_room_puts_the_name_above_the_rest(qtbot, monkeypatch):
    said, pill = [], corners._pill
    monkeypatch.setattr(
        corners, "_pill", lambda words, *look: said.append(words) or pill(words, *look)
    )
    state = asked("right lung " + "far below the clavicle " * 4)
    painted(corners.paint_caption, state, state.answer)
    (words,) = said
    name, said = words.split("\n")
    assert name.startswith("right lung far")
    assert name.endswith("…")
    assert said.startswith("similarity 0.")
    assert said.endswith("(threshold 0.30)")


@pytest.mark.parametrize(
    "state",
    [
        State(),
        reading(prompt=None),
        reading(is_hidden=True),
        reading(is_overlay_on=False),
        reading(answers={}),
    ],
)
def test_the_caption_is_silent_where_there_is_nothing_to_say(state):
    assert corners.caption(state, None) == ""


def test_the_caption_of_typed_words_is_those_words():
    state = asked("right lung")
    assert corners.caption(state, state.answer).startswith("right lung   ")
    waiting = replace(state, answers={}, busy=frozenset({"answer"}), model=MODEL)
    assert corners.caption(waiting, None) == "right lung   comparing…"


def test_a_slice_says_which_of_how_many_and_where_it_lies():
    slices = tuple(replace(ref(n), position_mm=-2.5 * n) for n in (1, 2, 3))
    series = Series("1.1", 1, "CT", "", "", "", slices)
    study = Study("1", "", "", "", "", "", (series,))
    (line,) = corners.which_of(home_of(Listing((study,), ()), slices[1]))
    assert line.split() == ["Image", "2", "of", "3", "at", "-5.0", "mm"]


def test_a_film_alone_is_not_counted():
    assert corners.which_of(home_of(listing(1), ref(1))) == []
