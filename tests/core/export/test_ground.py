from contextlib import closing

import numpy as np
import pydicom
import pytest
from exported import slide_statement
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.export import ground
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.ground import NO_SLIDE
from afloc_desktop.core.export.reading import read_result
from afloc_desktop.core.export.selection import Selection, on_files
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.core.slides.pictures import results_on

SQUARE = (Point(400, 200), Point(800, 200), Point(800, 600), Point(400, 600))
KITE = (Point(500.5, 300.25), Point(700.75, 480.5), Point(500.5, 699.75), Point(433.25, 480.5))


@pytest.fixture
def came_back(tmp_path):
    """Two regions on a slide leave and come back: what is read of each kind of object."""

    def read(kind, *, with_slide=True, change=lambda data: None, **plan):
        make_slide(tmp_path / "s", 1600, 1000, levels=3, syntax="jpeg2000", **plan)
        files = scan([tmp_path / "s"]).images
        with closing(open_slide(files)) as slide:
            found = results_on(slide, (slide_statement(slide, SQUARE, KITE, status="accepted"),))
            (path,) = exporters()[kind].write(Selection((found,)), tmp_path / "out")
        data = pydicom.dcmread(path)
        change(data)
        data.save_as(path)
        return read_result(path, slides=[on_files(files)] if with_slide else [])

    return read


def box(shape):
    xs, ys = zip(*shape.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize(("kind", "off"), [("sr", 0.01), ("seg", 2)])
def test_what_left_comes_back_where_it_was(came_back, kind, off):
    # A pixel of the mask is four of the slide; half of one is the most it may be off.
    read = came_back(kind)
    assert [box(shape) for shape in read.shapes] == [
        pytest.approx((400, 200, 800, 600), abs=off),
        pytest.approx((433.25, 300.25, 700.75, 699.75), abs=off),
    ]
    assert {shape.target.sop_instance_uid for shape in read.shapes} == {"1.2.9.1.3.1"}
    assert all(shape.is_closed for shape in read.shapes)
    assert [read.tracked[s.tracking_uid].finding.status for s in read.shapes] == ["accepted"] * 2
    assert read.notes == ()


def test_a_report_that_counts_across_tiles_comes_back(came_back):
    read = came_back("sr", tags={"ImageOrientationSlide": None})
    assert [box(shape)[:2] for shape in read.shapes] == [(400, 200), (433.25, 300.25)]


@pytest.mark.parametrize("kind", ["sr", "seg"])
def test_without_its_slide_a_result_is_text_and_says_so(came_back, kind):
    read = came_back(kind, with_slide=False)
    assert (read.shapes, read.masks, read.notes) == ((), (), (NO_SLIDE,))


@pytest.mark.parametrize("kind", ["sr", "seg"])
def test_another_glass_is_not_drawn_on(came_back, kind):
    def elsewhere(data):
        for item in data.iterall():
            if item.keyword in ("FrameOfReferenceUID", "ReferencedFrameOfReferenceUID"):
                item.value = "1.2.3.99"

    read = came_back(kind, change=elsewhere)
    assert read.shapes == ()
    assert len(read.notes) == 1


def test_a_mask_of_all_tiles_row_by_row_is_read_like_one_of_some(came_back):
    def fill(data):
        """Every tile of both segments, without groups of their own (TILED_FULL)."""
        pixels = np.zeros((2, 256, 512), np.uint8)
        pixels[0, 50:150, 100:200] = pixels[1, 20:40, 300:340] = 1
        tiles = pixels.reshape(2, 2, 128, 4, 128).swapaxes(2, 3)
        data.Rows = data.Columns = 128
        data.NumberOfFrames = 16
        data.DimensionOrganizationType = "TILED_FULL"
        data.TotalPixelMatrixFocalPlanes = 1
        del data.PerFrameFunctionalGroupsSequence
        data.PixelData = np.packbits(tiles, bitorder="little").tobytes()

    one, other = came_back("seg", change=fill).shapes
    assert box(one) == pytest.approx((400, 200, 800, 600), abs=2)
    assert box(other) == pytest.approx((1200, 80, 1360, 160), abs=2)


@pytest.mark.parametrize("at", [0, 400, 10**9])
def test_a_tile_that_lies_outside_costs_its_segment(came_back, at):
    def push(data):
        place = data.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0]
        place.ColumnPositionInTotalImagePixelMatrix = at

    read = came_back("seg", change=push)
    assert len(read.shapes) == (1 if at == 0 else 2)


def test_a_huge_mask_is_followed_in_larger_steps(came_back, monkeypatch):
    monkeypatch.setattr(ground, "_MOST_FOLLOWED", 30_000)  # of the 512 x 512 of a tile: every third
    square, _ = came_back("seg").shapes
    assert box(square) == pytest.approx((400, 200, 800, 600), abs=6)
