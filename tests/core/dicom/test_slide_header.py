from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from slides_made import make_slide

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.slide_header import describe_slide, is_slide
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage


@pytest.fixture
def described(tmp_path):
    """The header of a slide of 256 x 128 pixels with changed tags."""

    def describe(columns=256, **tags):
        (path,) = make_slide(tmp_path, columns, 128, tile=64, levels=1, syntax="rle", tags=tags)
        return read(path)

    return describe


def read(path: Path):
    with open_regular(path) as (file, size), quiet_pydicom():
        return describe_slide(file, size)


def test_a_slide_is_known_by_its_first_bytes(tmp_path, study):
    (path,) = make_slide(tmp_path / "s", 64, 64)
    assert is_slide(path.read_bytes()[:1024])
    assert not is_slide((study / "a.dcm").read_bytes()[:1024])
    assert not is_slide(b"DICM 1.2.840.10008.5.1.4.1.1.77.1.6")


def test_a_header_tells_what_can_be_shown(described):
    header = described()
    assert (header.columns, header.rows, header.across, header.down) == (256, 128, 4, 2)
    assert (header.header.columns, header.header.rows, header.header.frames) == (64, 64, 8)
    assert (header.flavour, header.is_full, header.background) == ("VOLUME", True, (255, 255, 255))
    assert header.um_per_pixel == (0.25, 0.25)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"Rows": 0}, "size in rows and columns"),
        ({"Columns": 65535, "Rows": 65535}, "more than can be opened"),
        ({"Columns": 8192, "Rows": 8192}, "more than is read at a time"),
        ({"TotalPixelMatrixColumns": 2**31}, "size of the slide"),
        ({"TotalPixelMatrixColumns": 2**24, "TotalPixelMatrixRows": 2**24}, "larger tiles"),
        ({"TotalPixelMatrixRows": 0}, "size of the slide"),
        ({"TotalPixelMatrixRows": None}, "size of the slide"),
        ({"NumberOfFrames": 2_000_000_000}, "more than can be listed"),
        ({"NumberOfFrames": -1}, "number of frames"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_anything_is_allocated(described, tags, why):
    with pytest.raises(UnreadableFile) as refused:
        described(**tags)
    assert why in f"{refused.value.reason} {refused.value.remedy}"


def test_a_file_without_pixels_is_incomplete(tmp_path):
    (path,) = make_slide(tmp_path, 64, 64)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\xe0\x7f\x10\x00OB")])
    with pytest.raises(UnreadableFile, match="before the pixels"):
        read(path)


def test_compressed_and_not_is_a_contradiction(tmp_path):
    (path,) = make_slide(tmp_path, 64, 64, tile=64, syntax="explicit")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"))
    with pytest.raises(UnreadableFile, match="whether its pixels are compressed"):
        read(path)


def test_big_endian_is_not_read(tmp_path):
    (path,) = make_slide(tmp_path, 64, 64, tile=64, syntax="explicit")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"))
    with pytest.raises(UnsupportedImage, match="big endian"):
        read(path)


def test_a_palette_has_no_place_on_a_slide(described):
    with pytest.raises(UnsupportedImage, match="colours of the slide"):
        described(PhotometricInterpretation="PALETTE COLOR", SamplesPerPixel=1)


@pytest.mark.parametrize(
    ("kind", "flavour"),
    [
        (["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "VOLUME"),
        (["DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED"], "THUMBNAIL"),
        (["ORIGINAL", "PRIMARY", "LABEL", "NONE"], "LABEL"),
        (["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"], "OVERVIEW"),
        (["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"], "OVERVIEW"),
        ("", "VOLUME"),
    ],
    ids=str,
)
def test_the_image_type_tells_the_slide_from_its_label(described, kind, flavour):
    assert described(ImageType=kind).flavour == flavour


def test_the_size_of_a_pixel_may_follow_from_what_was_imaged(described):
    tags = {"SharedFunctionalGroupsSequence": [], "ImagedVolumeWidth": 0.128}
    tags["ImagedVolumeHeight"] = 0.0512
    assert described(**tags).um_per_pixel == pytest.approx((0.5, 0.4))


@pytest.mark.parametrize("spacing", [[0, 0], [1e9, 1e9], [0.001], ["1e-9", "1e-9"]], ids=str)
def test_an_impossible_size_of_a_pixel_is_none(described, spacing):
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = spacing
    shared.PixelMeasuresSequence = [measures]
    tags = {"SharedFunctionalGroupsSequence": [shared], "ImagedVolumeWidth": None}
    assert described(**tags).um_per_pixel is None


def test_files_of_one_slide_share_what_others_do_not(described):
    one = described().slide
    assert one == described(InstanceNumber=7, columns=512).slide
    others = [
        described(PyramidUID="1.2.3").slide,
        described(FrameOfReferenceUID="1.2.4").slide,
        described(ContainerIdentifier="other").slide,
    ]
    assert len({one, *others}) == 4


def test_functional_groups_of_undefined_length_are_stepped_over(tmp_path):
    (path,) = make_slide(tmp_path, 256, 128, tile=64, levels=1, syntax="rle", sparse=True)
    data = path.read_bytes()
    at = data.index(b"\x00\x52\x30\x92SQ")
    length = int.from_bytes(data[at + 8 : at + 12], "little")
    groups = data[at + 12 : at + 12 + length]
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    path.write_bytes(data[: at + 8] + b"\xff\xff\xff\xff" + groups + end + data[at + 12 + length :])
    header = read(path)
    assert header.per_frame is not None
    assert header.per_frame.length == length + len(end)
