import imagecodecs
import numpy as np
import pytest

from afloc_desktop.core.dicom.codestream import jpeg2000_claim, jpeg_claim, jpeg_says_rgb
from afloc_desktop.core.errors import UnreadableFile

FILM = np.arange(40 * 24, dtype=np.uint16).reshape(40, 24)
JPEG = imagecodecs.jpeg8_encode(FILM.astype(np.uint8))
LOSSLESS = imagecodecs.jpeg8_encode(FILM, lossless=True, bitspersample=12)
J2K = imagecodecs.jpeg2k_encode(FILM, codecformat="j2k", reversible=True, level=0)
JP2 = imagecodecs.jpeg2k_encode(FILM, codecformat="jp2", reversible=True, level=0)


def test_the_size_is_read_without_decoding():
    assert jpeg_claim(JPEG)[:5] == (40, 24, 1, 8, False)
    assert jpeg_claim(LOSSLESS)[:5] == (40, 24, 1, 12, True)
    assert jpeg2000_claim(J2K)[:4] == (40, 24, 1, 16)
    assert jpeg2000_claim(JP2)[:4] == (40, 24, 1, 16)


@pytest.mark.parametrize("padding", [b"\0", b"\xff", b"\0\0\0"])
def test_padding_behind_the_end_is_no_damage(padding):
    assert jpeg_claim(JPEG + padding).rows == 40
    assert jpeg2000_claim(J2K + padding).rows == 40


@pytest.mark.parametrize(("claim", "stream"), [(jpeg_claim, JPEG), (jpeg2000_claim, J2K)])
def test_a_stream_without_its_end_is_incomplete(claim, stream):
    with pytest.raises(UnreadableFile):
        claim(stream[: len(stream) // 2])


@pytest.mark.parametrize(
    "stream", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"x" * 99, J2K, JPEG[2:]]
)
def test_what_is_no_jpeg_is_refused(stream):
    with pytest.raises(UnreadableFile):
        jpeg_claim(stream)


def test_every_short_stream_is_refused_and_never_crashes():
    for length in range(40):
        for claim, stream in ((jpeg_claim, JPEG), (jpeg2000_claim, J2K)):
            with pytest.raises(UnreadableFile):
                claim(stream[:length] + b"\xff\xd9")


def test_tiles_are_counted():
    start = J2K.index(b"\xff\x51")
    tiny_tiles = bytearray(J2K)
    tiny_tiles[start + 6 : start + 14] = (60_000).to_bytes(4, "big") * 2
    tiny_tiles[start + 22 : start + 30] = (1).to_bytes(4, "big") * 2
    assert jpeg2000_claim(J2K).tiles == 1
    assert jpeg2000_claim(bytes(tiny_tiles)).tiles == 60_000 * 60_000


def test_a_jpeg_says_what_its_colours_are_or_nothing():
    picture = np.zeros((8, 8, 3), np.uint8)
    jfif = imagecodecs.jpeg8_encode(picture, colorspace="RGB", outcolorspace="YCBCR")
    bare = jfif[:2] + jfif[4 + int.from_bytes(jfif[4:6], "big") :]
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    named = imagecodecs.jpeg8_encode(picture, colorspace="RGB", outcolorspace="RGB")
    assert jpeg_says_rgb(jfif) is False
    assert jpeg_says_rgb(bare) is None
    assert jpeg_says_rgb(bare[:2] + adobe + b"\0" + bare[2:]) is True
    assert jpeg_says_rgb(bare[:2] + adobe + b"\1" + bare[2:]) is False
    assert jpeg_says_rgb(bare[:2] + adobe + b"\xdb" + bare[2:]) is None
    assert jpeg_says_rgb(named) is True


def test_the_frame_of_a_jpeg_ls_is_another_than_that_of_a_jpeg():
    stream = imagecodecs.jpegls_encode(FILM)
    assert jpeg_claim(stream, is_ls=True)[:5] == (40, 24, 1, 16, False)
    with pytest.raises(UnreadableFile):
        jpeg_claim(stream)
    with pytest.raises(UnreadableFile):
        jpeg_claim(JPEG, is_ls=True)


def test_components_of_different_size_are_refused():
    picture = imagecodecs.jpeg2k_encode(
        np.zeros((8, 8, 3), np.uint8), codecformat="j2k", reversible=True
    )
    assert jpeg2000_claim(picture).samples == 3
    half = bytearray(picture)
    half[picture.index(b"\xff\x51") + 44] = 2  # XRsiz of the second component
    with pytest.raises(UnreadableFile):
        jpeg2000_claim(bytes(half))
