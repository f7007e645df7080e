from dataclasses import replace

import exported
import numpy as np
import pytest
from exported import slide_statement
from highdicom import spatial
from highdicom.seg import segread
from highdicom.sr import srread
from pydicom import dcmread
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.glass import read_glass
from afloc_desktop.core.export.page import draw_outlined
from afloc_desktop.core.export.selection import Selection
from afloc_desktop.core.export.tiles import SIDE, map_grid, mask_grid, mask_tiles
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.core.slides.pictures import results_on

# Corners on corners of the pixels of the third level, four slide pixels wide.
SQUARE = (Point(400, 200), Point(800, 200), Point(800, 600), Point(400, 600))
KITE = (Point(500.5, 300.25), Point(700.75, 480.5), Point(500.5, 699.75), Point(433.25, 480.5))


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """1600 x 1000 pixels of 0.25 µm, levels of 1, 2 and 4."""
    folder = tmp_path_factory.mktemp("slide")
    make_slide(folder, 1600, 1000, tile=256, levels=3, syntax="jpeg2000")
    opened = open_slide(scan([folder]).images)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def written(slide, tmp_path_factory):
    """What two regions and their maps leave as: a path for each kind."""
    folder = tmp_path_factory.mktemp("out")
    found = Selection((results_on(slide, (slide_statement(slide, SQUARE, KITE),)),))
    made = exporters()
    return {
        kind: made[kind].write(found, folder)[0] for kind in ("seg", "fractional-seg-plain", "sr")
    }


def test_a_mask_lies_on_a_level_of_the_slide_and_is_exact_there(written, slide):
    mask = segread(written["seg"])
    assert (mask.TotalPixelMatrixColumns, mask.TotalPixelMatrixRows) == (400, 250)
    square = mask.get_total_pixel_matrix(segment_numbers=[1])[..., 0]
    assert square.sum() == 100 * 100
    assert square[50:150, 100:200].all()
    # Half the product of its diagonals, in pixels of 4 x 4.
    kite = mask.get_total_pixel_matrix(segment_numbers=[2])[..., 0]
    assert kite.sum() == pytest.approx((700.75 - 433.25) * (699.75 - 300.25) / 2 / 16, rel=0.01)
    (series,) = mask.ReferencedSeriesSequence
    named = [item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence]
    assert named == [slide.refs[0].sop_instance_uid, slide.refs[2].sop_instance_uid]


def test_a_report_says_where_on_the_glass(written, slide):
    groups = srread(written["sr"]).content.get_planar_roi_measurement_groups()
    source = dcmread(slide.refs[0].path, stop_before_pixels=True)
    to_pixels = spatial.ReferenceToImageTransformer.for_image(source, for_total_pixel_matrix=True)
    for group, shape in zip(groups, (SQUARE, KITE), strict=True):
        points = to_pixels(np.array(group.roi.value, float))
        assert points[:, :2] == pytest.approx(np.array([*shape, shape[0]]), abs=0.01)
        assert points[:, 2] == pytest.approx(0)


def test_mask_and_report_know_the_same_region_by_one_uid(written):
    groups = srread(written["sr"]).content.get_planar_roi_measurement_groups()
    segments = segread(written["seg"]).SegmentSequence
    assert [g.tracking_uid for g in groups] == [s.TrackingUID for s in segments]


def test_a_map_leaves_on_its_own_places_and_only_where_it_saw(written):
    image = segread(written["fractional-seg-plain"])
    steps = image.get_total_pixel_matrix(segment_numbers=[1], rescale_fractional=False)[..., 0]
    assert steps.shape == (24, 39)  # 1000 and 1600 by 42, rounded up
    # The map begins at place (8, 4); its lowest value, after a row unseen, is step 0.
    assert steps[5:16, 8:28].ravel() == pytest.approx(np.linspace(0, 255, 220), abs=0.51)
    assert not steps[:5].any()
    assert image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing == [
        0.0105, 0.0105,
    ]  # fmt: skip


def test_where_no_level_is_as_coarse_the_grid_is_made_from_the_same_corner(tmp_path):
    make_slide(tmp_path, 4000, 2000, tile=256, levels=1, syntax="jpeg2000")
    with_one_level = open_slide(scan([tmp_path]).images)
    results = results_on(with_one_level, (slide_statement(with_one_level, part=64.0),))
    grid = mask_grid(read_glass(results.slide), results)
    assert (grid.columns, grid.rows, grid.downsample) == (250, 125, (16, 16))
    assert grid.spacing == (0.004, 0.004)
    assert grid.sources == ()
    # From the centre of the first small pixel to that of the first large one: 7.5 along each.
    assert grid.origin == pytest.approx((20 + 7.5 * 0.00025, 30 + 7.5 * 0.00025, 0))
    with_one_level.close()


def test_only_tiles_that_hold_something_are_made(slide):
    grid = replace(read_glass(results_on(slide, ()).slide).matrix, columns=10**6, rows=10**6)
    far = tuple(Point(900_000 + x, 700_000 + y) for x, y in SQUARE)
    tiles = list(mask_tiles(3, exported.region(far), grid))
    corner = (900_400 // SIDE, 700_200 // SIDE)
    assert {(t.column - corner[0], t.row - corner[1]) for t in tiles} == {
        (0, 0), (1, 0), (0, 1), (1, 1),
    }  # fmt: skip
    bits = sum(np.unpackbits(np.frombuffer(t.data, np.uint8)).sum() for t in tiles)
    assert bits == 400 * 400
    assert {t.segment for t in tiles} == {3}


def test_a_region_between_the_centres_of_pixels_is_not_lost(slide):
    grid = read_glass(results_on(slide, ()).slide).matrix.coarser(100)
    speck = tuple(Point(x, y) for x, y in ((401, 201), (404, 201), (404, 204), (401, 204)))
    (tile,) = mask_tiles(1, exported.region(speck), grid)
    mask = np.unpackbits(np.frombuffer(tile.data, np.uint8), bitorder="little")
    assert np.flatnonzero(mask).tolist() == [2 * SIDE + 4]


def test_a_slide_without_a_place_on_its_glass_has_no_grid(tmp_path):
    make_slide(tmp_path, 512, 512, levels=1, syntax="jpeg2000", tags={"FrameOfReferenceUID": ""})
    opened = open_slide(scan([tmp_path]).images)
    results = results_on(opened, (slide_statement(opened),))
    with pytest.raises(ExportError, match="where it lies"):
        map_grid(read_glass(results.slide), [results.statements[0].heatmap])
    opened.close()


def test_a_picture_of_a_slide_has_its_outlines_where_they_are(slide):
    results = results_on(slide, (slide_statement(slide, SQUARE),))
    assert results.slide.box == (336, 168, 1176, 672)  # of its map; one picture pixel each
    bare = np.asarray(draw_outlined(results_on(slide, (slide_statement(slide),)))).astype(int)
    drawn = np.asarray(draw_outlined(results)).astype(int)
    rows, columns = np.nonzero(np.abs(drawn - bare).sum(axis=-1))
    # From (400, 200) to (800, 600) of the slide; the number stands above.
    assert (columns.min(), columns.max()) == pytest.approx((64, 464), abs=6)
    assert rows.max() == pytest.approx(432, abs=2)


def test_a_presentation_state_of_a_slide_is_refused_with_the_reason(slide, tmp_path):
    found = Selection((results_on(slide, (slide_statement(slide, SQUARE),)),))
    with pytest.raises(ExportError, match="no viewer draws them on the tiles"):
        exporters()["gsps"].write(found, tmp_path)
    assert list(tmp_path.iterdir()) == []
