import numpy as np
import pytest
from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4)


def parsed(path):
    with open_regular(path) as (file, size), quiet_pydicom():
        return parse(file, size)


def test_a_sound_header_says_how_pixels_are_stored(write_film):
    header = parsed(write_film(PIXELS, BitsStored=12, HighBit=11)).header
    assert (header.rows, header.columns, header.frames) == (3, 4, 1)
    assert (header.bits_allocated, header.bits_stored, header.high_bit) == (16, 12, 11)
    assert not header.is_signed
    assert header.frame_bits == 12 * 16


@pytest.mark.parametrize(
    "change",
    [
        {"Rows": 0},
        {"Columns": 0},
        {"Rows": 65535, "Columns": 65535},
        {"Rows": None},
        {"SamplesPerPixel": 0},
        {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "SEPIA"},
        {"PhotometricInterpretation": "RGB"},
        {"BitsAllocated": 24},
        {"BitsAllocated": 0},
        {"BitsStored": 0},
        {"BitsStored": 17},
        {"HighBit": 14},
        {"HighBit": 16},
        {"PixelRepresentation": 2},
        {"NumberOfFrames": 0},
        {"NumberOfFrames": -3},
        {"NumberOfFrames": 2},
        {"NumberOfFrames": 2**31 - 1},
        {"Rows": 4},
        {"PixelData": b""},
    ],
    ids=str,
)
def test_an_impossible_claim_is_refused(write_film, change):
    path = write_film(PIXELS, **change)
    with pytest.raises(UnreadableFile):
        parsed(path)


def test_twelve_bit_packing_is_sound_but_not_read(write_film):
    path = write_film(PIXELS, BitsAllocated=12, BitsStored=12, HighBit=11)
    with pytest.raises(UnsupportedImage, match="12 bits"):
        parsed(path)


def test_more_bytes_than_described_give_a_warning(write_film):
    assert parsed(write_film(PIXELS)).warnings == ()
    warned = parsed(write_film(PIXELS, Rows=2)).warnings
    assert "more pixel data" in warned[0]


def test_an_odd_byte_count_is_padded_without_a_warning(write_film):
    assert parsed(write_film(np.zeros((3, 3), np.uint8))).warnings == ()


def test_more_frames_than_can_be_listed_are_refused(write_film):
    frame = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    path = write_film(np.zeros((1, 1, 1), np.uint8), **frame, PixelData=b"\0" * 20_000)
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x001 ", b"IS\x06\x00150000"))
    with pytest.raises(UnreadableFile, match="150000 frames"):
        parsed(path)


def test_an_image_cut_off_at_every_byte_is_refused(write_film):
    path = write_film(PIXELS)
    content = path.read_bytes()
    for length in range(1, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises((UnreadableFile, UnsupportedImage)):
            parsed(path)


def test_a_report_holds_no_image(save_dataset):
    data = Dataset()
    data.SOPClassUID, data.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
    with pytest.raises(UnsupportedImage, match=r"holds no image \(Basic Text SR Storage\)"):
        parsed(save_dataset(data))


def test_an_index_is_not_an_image(save_dataset):
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.1.3.10"
    with pytest.raises(UnsupportedImage, match="DICOMDIR"):
        parsed(save_dataset(data, name="DICOMDIR"))


def test_pixels_that_contradict_the_syntax_are_refused(write_film):
    path = write_film(PIXELS)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"))
    with pytest.raises(UnreadableFile, match="compressed, but they are not"):
        parsed(path)


def test_without_preamble_only_an_image_is_believed(write_film, tmp_path):
    content = write_film(PIXELS).read_bytes()
    body = content[content.index(b"\x08\x00\x16\x00UI") :]
    bare = tmp_path / "bare"
    bare.write_bytes(body)
    assert parsed(bare).header.rows == 3
    bare.write_bytes(b"\x08\x00 and then words that are no DICOM at all" * 9)
    with pytest.raises(UnreadableFile, match="not a DICOM file"):
        parsed(bare)


def test_nesting_beyond_reason_is_an_error_for_the_reader(write_film):
    path = write_film(PIXELS)
    content = path.read_bytes()
    pixels = content.index(b"\x08\x00\x60\x00")
    opened = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 3000
    path.write_bytes(content[:pixels] + opened + content[pixels:])
    with pytest.raises(UnreadableFile, match="header is damaged"):
        parsed(path)


def test_whole_numbers_of_64_bits_are_refused_by_name(make_film, save_dataset):
    path = save_dataset(make_film(np.zeros((3, 4), np.int64)))
    with pytest.raises(UnsupportedImage, match="64 bits"):
        parsed(path)


def colour(make_film, save_dataset, raw, **tags):
    data = make_film(np.zeros((2, 4), np.uint8), **{"SamplesPerPixel": 3, **tags})
    data.PixelData = raw
    return save_dataset(data)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422", "HSV"])
def test_colour_has_three_samples(make_film, save_dataset, photometric):
    path = colour(make_film, save_dataset, bytes(24), PhotometricInterpretation=photometric)
    assert parsed(path).header.samples == 3
    path = colour(
        make_film, save_dataset, bytes(32), PhotometricInterpretation=photometric, SamplesPerPixel=4
    )
    with pytest.raises(UnreadableFile, match="samples"):
        parsed(path)


def test_shared_colour_needs_pairs_of_bytes_side_by_side(make_film, save_dataset):
    tags = {"PhotometricInterpretation": "YBR_FULL_422", "PlanarConfiguration": 0}
    assert parsed(colour(make_film, save_dataset, bytes(16), **tags)).header.frame_bits == 16 * 8
    for wrong in ({"Columns": 3}, {"PlanarConfiguration": 1}):
        path = colour(make_film, save_dataset, bytes(16), **{**tags, **wrong})
        with pytest.raises(UnreadableFile, match="share their colour"):
            parsed(path)


def test_planes_matter_where_there_are_several(make_film, save_dataset, write_film):
    tags = {"PhotometricInterpretation": "RGB"}
    assert parsed(
        colour(make_film, save_dataset, bytes(24), PlanarConfiguration=1, **tags)
    ).header.is_planar
    assert not parsed(colour(make_film, save_dataset, bytes(24), **tags)).header.is_planar
    assert not parsed(write_film(PIXELS, PlanarConfiguration=1)).header.is_planar
