from dataclasses import replace

import numpy as np
import pytest
from doubles import film
from readings import EFFUSION, MODEL, asked, reading

from afloc_desktop.core.domain import Orientation
from afloc_desktop.state.store import State
from afloc_desktop.ui import corners
from afloc_desktop.ui.qt import QImage, QPainter, QRect, Qt

FLAG = Qt.AlignmentFlag


def painted(call, *arguments) -> np.ndarray:
    """What a call draws on black, uint8, shape (300, 400)."""
    picture = QImage(400, 300, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    with QPainter(picture) as painter:
        call(painter, QRect(0, 0, 400, 300), *arguments)
    return np.array(picture.constBits()).reshape(300, 400)


@pytest.mark.parametrize(("direction", "on_the_left"), [("L", "R"), ("R", "L")])
def test_side_markers_follow_the_films_direction(qtbot, monkeypatch, direction, on_the_left):
    """x increasing to the patient's left means the patient's right is on the screen's left."""
    written = {}
    write = corners._text

    def note(painter, area, where, lines):
        written[bool(where & Qt.AlignmentFlag.AlignLeft)] = lines
        write(painter, area, where, lines)

    monkeypatch.setattr(corners, "_text", note)
    ink = painted(corners.paint_markers, film(orientation=Orientation(direction, "F")))
    assert written == {True: [on_the_left], False: [{"R": "L", "L": "R"}[on_the_left]]}
    assert ink[:, :60].any()
    assert ink[:, -60:].any()
    assert not ink[:, 60:-60].any()


def test_an_unknown_side_has_no_marker(qtbot):
    assert not painted(corners.paint_markers, film(orientation=None)).any()


def test_corner_text_is_readable_on_white(qtbot):
    picture = QImage(400, 300, QImage.Format.Format_Grayscale8)
    picture.fill(255)
    with QPainter(picture) as painter:
        corners._text(painter, QRect(0, 0, 400, 300), Qt.AlignmentFlag.AlignLeft, ["W 600"])
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
    ink = painted(corners._text, where, ["Doe, Jane", "", "PID"])
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
