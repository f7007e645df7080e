import numpy as np
import pytest
from pydicom.dataset import Dataset
from slides_made import colours, make_slide

from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.opening import open_slide


def place(x, y, **more):
    """The functional groups of one frame."""
    position, group = Dataset(), Dataset()
    position.ColumnPositionInTotalImagePixelMatrix = x
    position.RowPositionInTotalImagePixelMatrix = y
    for keyword, value in more.items():
        setattr(position, keyword, value)
    group.PlanePositionSlideSequence = [position]
    return group


def placed(tmp_path, places, frames=4, **more):
    """A slide of 256 x 64 pixels with frames at these places; not opened."""
    tags = {
        "DimensionOrganizationType": "TILED_SPARSE",
        "PerFrameFunctionalGroupsSequence": places,
        "NumberOfFrames": frames,
    }
    (path,) = make_slide(tmp_path, 256, 64, tile=64, levels=1, syntax="rle", tags=tags, **more)
    return path


def shown(path):
    slide = open_slide([find_frame(path, 1)])
    try:
        return slide.region(0, 0, 0, 256, 64), slide.warnings
    finally:
        slide.close()


def test_frames_lie_where_they_say(tmp_path):
    """The third frame first, the first one two tiles on, the others nowhere on the slide."""
    path = placed(tmp_path, [place(129, 1), place(193, 1), place(1, 1), place(65, 1)])
    pixels, _ = shown(path)
    assert np.array_equal(pixels[:, :64], colours(128, 0, 64, 64))
    assert np.array_equal(pixels[:, 128:192], colours(0, 0, 64, 64))


def test_frames_off_the_grid_show_in_the_tiles_they_reach_into(tmp_path):
    places = [place(33, 1), place(97, 1), place(161, 17), place(2000, 1)]
    pixels, _ = shown(placed(tmp_path, places))
    whole = np.full((64, 256, 3), 255, np.uint8)
    whole[:, 32:96] = colours(0, 0, 64, 64)
    whole[:, 96:160] = colours(64, 0, 64, 64)
    whole[16:, 160:224] = colours(128, 0, 64, 48)
    assert np.array_equal(pixels, whole)


def test_of_several_depths_the_first_is_shown(tmp_path):
    depths = [place(1, 1, ZOffsetInSlideCoordinateSystem=z) for z in (1, 2)]
    more = [place(65, 1, ZOffsetInSlideCoordinateSystem=z) for z in (1, 2)]
    pixels, warnings = shown(placed(tmp_path, depths + more))
    assert np.array_equal(pixels[:, :64], colours(0, 0, 64, 64))
    assert np.array_equal(pixels[:, 64:128], colours(128, 0, 64, 64))
    assert "several focal planes" in warnings[0]


@pytest.mark.parametrize(
    "places",
    [
        [place(1, 1)] * 3,
        [place(1, 1)] * 5,
        [Dataset()] * 4,
        [place(0, 1)] * 4,
        [place(-5, 1)] * 4,
        [place(2**31 - 1, 1)] * 4,
    ],
    ids=["few", "many", "none", "zero", "negative", "far"],
)
def test_impossible_places_are_refused(tmp_path, places):
    path = placed(tmp_path, places)
    with pytest.raises(UnreadableFile, match="where the tiles of the slide lie"):
        open_slide([find_frame(path, 1)])


@pytest.mark.parametrize("spacing", ["0\\0", "-1\\1", "nan\\nan", "1"])
def test_impossible_resolutions_are_refused(tmp_path, spacing):
    (path,) = make_slide(tmp_path, 256, 64, tile=64, levels=2, syntax="rle", in_one_file=True)
    usual = b"0.0005\\0.0005 "
    data = path.read_bytes()
    assert usual in data
    path.write_bytes(data.replace(usual, spacing.encode().ljust(len(usual))))
    with pytest.raises(UnreadableFile, match="where the tiles of the slide lie"):
        open_slide([find_frame(path, 1)])
