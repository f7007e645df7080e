import csv
import json

import exported
import numpy as np
import pytest

from afloc_desktop.core.domain import Orientation, Spacing
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.marks import measured
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.reading import read_result
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import Mark

LINE = Mark("length", (Point(10, 10), Point(40, 50)))
BOX = Mark("rectangle", (Point(10, 20), Point(30, 60)))
HEART = Mark("ratio", (Point(20, 50), Point(60, 55), Point(10, 70), Point(90, 72)))
NOTE = Mark("text", (Point(5, 6),), "ask Dr Roe")


@pytest.fixture
def film(make_image):
    return make_image(np.full((120, 100), 7.0), spacing=Spacing(0.5, 0.5, "detector"))


@pytest.mark.parametrize(
    ("mark", "label"),
    [
        (LINE, "Length 25.0 mm (scale: detector)"),
        (Mark("angle", (Point(0, 0), Point(9, 0), Point(9, 5))), "Angle 90.0 °"),
        (
            HEART,
            "Cardiothoracic ratio 0.50, Width of the heart 20.0 mm, Width of the chest 40.0 mm "
            "(scale: detector)",
        ),
        (
            BOX,
            "Area 200.0 mm², Mean 7.00, Standard Deviation 0.00, Minimum 7.00, Maximum 7.00 "
            "(scale: detector)",
        ),
        (NOTE, "ask Dr Roe"),
        (Mark("arrow", (Point(5, 6), Point(9, 9))), "Note"),
    ],
)
def test_a_mark_says_what_it_measures_and_where_that_is_true(film, mark, label):
    assert measured(mark, film).label == label


def test_without_a_scale_lengths_are_pixels(make_image):
    film = make_image(np.zeros((120, 100)))
    assert measured(LINE, film).label == "Length 50.0 px"
    assert measured(BOX, film).label.startswith("Area 800.0 px²")
    assert measured(BOX, film).basis == ""


def test_widths_are_drawn_as_they_are_measured(film, make_image):
    first, _ = measured(HEART, film).figures
    assert first.points == (Point(20, 50), Point(60, 50))
    lying = make_image(np.zeros((120, 100)), orientation=Orientation("F", "L"))
    first, _ = measured(HEART, lying).figures
    assert first.points == (Point(20, 50), Point(20, 55))


def test_the_longer_axis_of_an_ellipse_comes_first(film):
    tall = Mark("ellipse", BOX.points)
    assert measured(tall, film).figures[0].points[:2] == (Point(20, 20), Point(20, 60))


def test_what_has_no_value_is_not_said(film):
    outside = Mark("rectangle", (Point(200, 200), Point(220, 220)))
    assert measured(outside, film).label == "Area 100.0 mm² (scale: detector)"


MARKS = (LINE, BOX, HEART, Mark("ellipse", BOX.points), Mark("arrow", LINE.points, "here"), NOTE)


@pytest.fixture
def drawn(tmp_path):
    """Write one kind with every mark; gives back the paths."""
    image = exported.film(tmp_path / "s", PixelSpacing=[0.2, 0.2])
    film = FilmResults(image, (exported.statement(image),), MARKS)

    def write(id_, pseudonyms=None):
        return exporters()[id_].write(Selection((film,), pseudonyms), tmp_path / "out")

    return write


@pytest.mark.parametrize("id_", ["sr", "gsps"])
def test_reports_and_states_hold_what_was_drawn_and_are_valid(drawn, id_):
    (path,) = drawn(id_)
    reading = read_result(path)
    (own,) = reading.statements
    assert own.finding.regions[0].outline == exported.SQUARE
    others = [shape for shape in reading.shapes if shape.tracking_uid not in reading.tracked]
    line, box, _, _, ellipse, _, note = others
    assert (line.points, box.is_closed, note.points) == (LINE.points, True, NOTE.points)
    assert np.allclose(np.ptp(ellipse.points, axis=0), (20, 40), atol=0.1)
    words = " ".join(reading.tree.lines())
    assert "ask Dr Roe" in words
    assert ("Length: 10 millimeter" if id_ == "sr" else "Length 10.0 mm") in words
    assert line.label == ("Length 1" if id_ == "sr" else "Length 10.0 mm (scale: unknown)")
    if exported.HAS_DCIODVFY:
        assert exported.verified(path) == []


def test_tables_and_documents_hold_the_numbers(drawn):
    _, table = drawn("csv")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert (rows[0]["what"], rows[0]["value"], rows[0]["unit"]) == ("Length", "10.0000", "mm")
    assert rows[-1]["text"] == "ask Dr Roe"
    (path,) = drawn("json")
    (image,) = json.loads(path.read_text(encoding="utf-8"))["images"]
    assert [mark["kind"] for mark in image["marks"]] == [mark.kind for mark in MARKS]
    assert image["marks"][0]["points"] == [[10, 10], [40, 50]]


@pytest.mark.parametrize("id_", ["sr", "gsps", "csv", "json"])
def test_a_readers_own_words_stay_here_where_everyone_is_hidden(drawn, id_):
    for path in drawn(id_, Pseudonyms()):
        assert b"Roe" not in path.read_bytes()
        assert b"here" not in path.read_bytes().replace(b"threshold", b"").replace(b"Where", b"")
