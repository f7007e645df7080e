import os
import struct
import zlib

import pytest

from afloc_desktop.core.dicom import files
from afloc_desktop.core.dicom.files import find_body, open_regular
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

DEFLATED = b"1.2.840.10008.1.2.1.99"


def body_of(path):
    with open_regular(path) as (file, size):
        body = find_body(file, size)
        return body, body.file.read(4)


def with_meta(syntax: bytes, rest: bytes) -> bytes:
    element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(syntax)) + syntax
    return b"\0" * 128 + b"DICM" + element + rest


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\0" * 200, "zip archive"),
        (b"\x1f\x8b" + b"\0" * 200, "gzip"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "PNG"),
        (b"Findings: none.\n" * 20, "not a DICOM file"),
        (b"\0" * 500, "not a DICOM file"),
        (b"\xff" * 500, "not a DICOM file"),
    ],
)
def test_what_is_no_dicom_is_named(tmp_path, content, words):
    path = tmp_path / "film.dcm"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=words):
        body_of(path)


def test_a_missing_path_and_a_folder_are_named(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        body_of(tmp_path / "none.dcm")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        body_of(tmp_path)


def test_a_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        body_of(tmp_path / "pipe.dcm")


def test_the_syntax_is_read_and_its_padding_dropped(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(with_meta(b"1.2.840.10008.1.2.2\0", b"\x00\x08\x00\x16"))
    body, start = body_of(path)
    assert body.syntax.uid == "1.2.840.10008.1.2.2"
    assert start == b"\x00\x08\x00\x16"


def test_an_unknown_syntax_is_unsupported_not_damaged(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(with_meta(b"1.2.3.4 ", b"\x08\x00\x16\x00"))
    with pytest.raises(UnsupportedImage, match="transfer syntax"):
        body_of(path)


@pytest.mark.parametrize(
    ("first", "is_implicit", "is_little"),
    [
        (b"\x08\x00\x00\x00\x04\x00\x00\x00\x1e\x01\x00\x00" + b"\0" * 8, True, True),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + b"\0" * 8, False, True),
        (b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100" + b"\0" * 8, False, False),
    ],
)
def test_without_preamble_the_first_element_tells_the_layout(
    tmp_path, first, is_implicit, is_little
):
    path = tmp_path / "film"
    path.write_bytes(first)
    body, start = body_of(path)
    assert (body.syntax.is_implicit, body.syntax.is_little_endian) == (is_implicit, is_little)
    assert start == first[:4]
    assert not body.has_magic


def test_a_file_that_ends_in_its_meta_header_is_incomplete(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM\x02\x00\x10\x00UI\x14\x001.2")
    with pytest.raises(UnreadableFile, match="ends inside its header"):
        body_of(path)


def deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def test_a_deflated_body_is_inflated(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(with_meta(DEFLATED + b" ", deflate(b"\x08\x00\x16\x00" * 9)))
    body, start = body_of(path)
    assert start == b"\x08\x00\x16\x00"
    assert body.size == 36


def test_a_deflate_bomb_stops_early(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_MOST_INFLATED", 3_000_000)
    path = tmp_path / "film.dcm"
    path.write_bytes(with_meta(DEFLATED + b" ", deflate(b"\0" * 5_000_000)))
    assert path.stat().st_size < 6_000
    with pytest.raises(UnreadableFile, match="grows beyond any film"):
        body_of(path)


def test_a_damaged_deflate_stream_is_named(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(with_meta(DEFLATED + b" ", b"\xff" * 40))
    with pytest.raises(UnreadableFile, match="damaged"):
        body_of(path)


def test_no_read_asks_for_more_than_is_left(tmp_path):
    path = tmp_path / "film.dcm"
    path.write_bytes(b"0123456789")
    with open_regular(path) as (file, size):
        assert size == 10
        file.seek(4)
        assert file.read(2**40) == b"456789"
        file.seek(2**40)
        assert file.read(8) == b""
