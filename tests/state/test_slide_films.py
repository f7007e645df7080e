from contextlib import closing
from dataclasses import replace

import exported
import pydicom
import pytest
from doubles import QueueLoop
from leaving import Leaving
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import Listing
from afloc_desktop.core.export.formats import Planned
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.state.slide_films import read_slide, slide_files

SQUARE = (Point(400, 200), Point(800, 200), Point(800, 600), Point(400, 600))


@pytest.fixture
def desk(tmp_path):
    """Three films with a finding each, and a slide with one."""
    make_slide(tmp_path / "slide", 1600, 1000, levels=3, syntax="jpeg2000")
    files = scan([tmp_path / "slide"]).images
    with closing(open_slide(files)) as slide:
        found = exported.slide_statement(slide, SQUARE, status="accepted", author="Ann")
    made = Leaving(tmp_path, QueueLoop())
    made.store.update(listing=scan([tmp_path]))
    made.slide = files[0]
    made.accepted[files[0]] = (found,)
    yield made
    made.tasks.close()


def test_a_slide_leaves_beside_films_and_what_it_cannot_be_is_said(desk):
    assert desk.exports.planned("seg") == Planned(4, "AFLoc_seg_*.dcm", 3)
    assert desk.exports.planned("gsps").count == 3
    assert not desk.exports.is_of_slides
    outcomes = desk.write("seg", "gsps", "csv")
    slides = [outcome for outcome in outcomes if outcome.films == (4,)]
    assert [(o.format, len(o.paths), o.problem is None) for o in slides] == [
        ("seg", 1, True),
        ("gsps", 0, False),
    ]
    mask = pydicom.dcmread(slides[0].paths[0])
    assert (mask.TotalPixelMatrixColumns, mask.TotalPixelMatrixRows) == (400, 250)
    (table,) = (o.paths[0] for o in outcomes if o.format == "csv")
    last = table.read_text().splitlines()[-1].split(",")
    assert [float(v) for v in last[-4:]] == [400, 200, 800, 600]  # slide pixels


def test_alone_a_slide_has_kinds_that_it_does_not_leave_as(desk):
    desk.accepted = {desk.slide: desk.accepted[desk.slide]}
    assert desk.exports.is_of_slides
    assert desk.exports.planned("gsps").count == 0


def test_a_slide_that_was_closed_is_found_by_its_findings(desk):
    statements = desk.accepted[desk.slide]
    nothing = Listing((), ())
    assert slide_files(nothing, desk.slide, statements) == (desk.slide,)
    results = read_slide((desk.slide,), statements)
    assert [level.columns for level in results.slide.levels] == [1600, 800, 400]
    assert results.slide.box == (336, 168, 1176, 672)
    # Brought back after a crash it has no map: all of the slide is in the picture.
    bare = (replace(statements[0], heatmap=None),)
    assert read_slide((desk.slide,), bare).slide.box == (0, 0, 1600, 1000)


def test_a_film_is_no_slide(desk):
    film, statements = next(iter(desk.accepted.items()))
    assert slide_files(desk.store.state.listing, film, statements) == ()
    assert slide_files(Listing((), ()), film, statements) == ()
