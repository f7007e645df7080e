import pytest
from pydicom.dataset import Dataset
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.export.glass import hide_glass, read_glass
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.core.slides.pictures import results_on


def glass_of(folder, **more):
    make_slide(folder, 1024, 512, levels=2, syntax="jpeg2000", **more)
    slide = open_slide(scan([folder]).images)
    try:
        return read_glass(results_on(slide, ()).slide)
    finally:
        slide.close()


def nowhere():
    """An origin infinitely far away."""
    origin = Dataset()
    origin.add_new("XOffsetInSlideCoordinateSystem", "DS", "1")
    origin.add_new("YOffsetInSlideCoordinateSystem", "DS", "1e400")
    return origin


def test_a_place_counts_from_the_corner_of_the_first_pixel(tmp_path):
    # The slide is turned: a row runs along y, a column along x; a pixel has 0.00025 mm.
    finest, half = glass_of(tmp_path).levels
    assert finest.place(0.5, 0.5) == (20, 30, 0)
    assert finest.place(400.5, 0.5) == pytest.approx((20, 30.1, 0))
    assert half.place(0.5, 100.5) == pytest.approx((20.05, 30, 0))
    assert (half.downsample, half.spacing) == ((2, 2), (0.0005, 0.0005))


def test_every_level_knows_its_file(tmp_path):
    glass = glass_of(tmp_path)
    assert [[uid for _, uid in level.sources] for level in glass.levels] == [
        ["1.2.9.1.3.1"], ["1.2.9.1.3.2"],
    ]  # fmt: skip
    assert glass.files == glass.levels[0].sources


def test_a_file_of_several_levels_is_the_level_it_says(tmp_path):
    glass = glass_of(tmp_path, in_one_file=True)
    assert [level.columns for level in glass.levels] == [1024]


@pytest.mark.parametrize(
    "tags",
    [
        {"FrameOfReferenceUID": ""},
        {"ImageOrientationSlide": [1, 0, 0, 1, 0, 0]},
        {"TotalPixelMatrixOriginSequence": []},
        {"TotalPixelMatrixOriginSequence": [nowhere()]},
    ],
)
def test_a_slide_that_says_nothing_sure_of_its_place_has_none(tmp_path, tags):
    glass = glass_of(tmp_path, tags=tags)
    assert (glass.levels, glass.frame_of_reference) == ((), "")
    assert glass.specimen.ContainerIdentifier == "GLASS-1"


def test_nothing_of_a_hidden_glass_is_as_it_was(tmp_path):
    glass = glass_of(tmp_path)
    hidden = hide_glass(glass, Pseudonyms())
    text = f"{hidden.specimen} {hidden.files} {hidden.levels} {hidden.frame_of_reference}"
    assert "1.2.9" not in text
    assert "BLOCK-" not in text
    assert "GLASS-" not in text
    # The same file has the same new name wherever it is named.
    assert hidden.files == hidden.levels[0].sources
    assert hidden.levels[0].origin == glass.levels[0].origin
