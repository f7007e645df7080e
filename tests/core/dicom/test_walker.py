import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from afloc_desktop.core.dicom.walker import ORDER, sequence_end, walk

TINY = np.arange(6, dtype=np.uint8).reshape(2, 3)


def value(walked, tag):
    return (*walked.shared, *walked.own)[ORDER.index(tag)]


@pytest.fixture
def walk_film(write_film):
    """Walk a film written with changed tags, its bytes changed by hand."""

    def walk_one(change=bytes, **tags):
        data = change(write_film(TINY, **tags).read_bytes())
        return walk(data, len(data))

    return walk_one


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_wanted_values_and_the_pixels_are_found(write_film, syntax):
    data = write_film(TINY, syntax=syntax, InstanceNumber=7).read_bytes()
    walked = walk(data, len(data))
    assert value(walked, 0x00100010) == b"Doe^Jane"
    assert value(walked, 0x00200013) == b"7 "
    assert value(walked, 0x00280010) == b"\2\0"
    assert value(walked, 0x00180015) is None
    assert data[walked.offset :][: walked.length] == TINY.tobytes()
    assert walked.vr == (b"OB" if syntax == ExplicitVRLittleEndian else b"")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("is_open", [True, False])
def test_sequences_are_stepped_over(write_film, make_film, save_dataset, syntax, is_open):
    film = make_film(TINY)
    inner, outer = Dataset(), Dataset()
    inner.PatientName = "Not^This"
    inner.is_undefined_length_sequence_item = is_open
    outer.PurposeOfReferenceCodeSequence = Sequence([inner])
    outer["PurposeOfReferenceCodeSequence"].is_undefined_length = is_open
    film.SourceImageSequence = Sequence([outer, Dataset()])
    film["SourceImageSequence"].is_undefined_length = is_open
    data = save_dataset(film, syntax=syntax).read_bytes()
    walked = walk(data, len(data))
    assert value(walked, 0x00100010) == b"Doe^Jane"
    assert data[walked.offset :][:6] == TINY.tobytes()


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_other_layouts_are_left_to_the_full_parse(write_film, syntax):
    data = write_film(TINY, syntax=syntax).read_bytes()
    assert walk(data, len(data)) is None


def swap(old, new):
    def change(data):
        assert data.count(old) == 1
        return data.replace(old, new)

    return change


@pytest.mark.parametrize(
    "change",
    [
        swap(b"DICM", b"MCID"),
        swap(b"\x10\0\x10\0PN", b"\x10\0\x10\0ZZ"),  # an unknown representation
        swap(b"\x10\0\x10\0PN", b"\x10\0\x10\0LO"),  # another one than the standard's
        swap(b"\x10\0\x20\0LO", b"\x10\0\x10\0LO"),  # the same element twice
        swap(b"\x10\0\x20\0LO", b"\x08\0\x05\0LO"),  # out of order
        swap(b"\x28\0\x10\0US\2\0", b"\x28\0\x10\0US\xff\xff"),  # longer than the file
        swap(b"\xe0\x7f\x10\0OB", b"\xe0\x7f\x10\0UN"),
    ],
)
def test_whatever_is_unusual_is_a_doubt(walk_film, change):
    assert walk_film() is not None
    assert walk_film(change) is None


def test_a_header_that_is_not_all_there_is_a_doubt(write_film):
    data = write_film(TINY).read_bytes()
    whole = walk(data, len(data)).offset
    assert all(walk(data[:end], len(data)) is None for end in range(whole))
    assert walk(data[:whole], len(data)) is not None


def nested(depth):
    head = b"\x08\0\x11\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    tail = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return head * depth + tail * depth


def test_nesting_is_followed_to_its_limit_and_no_further(walk_film):
    for depth, is_walked in ((64, True), (65, False), (20_000, False)):
        sequence = nested(depth)
        walked = walk_film(
            lambda data, s=sequence: data.replace(b"\x10\0\x10\0PN", s + b"\x10\0\x10\0PN")
        )
        assert (walked is not None) == is_walked


def test_compressed_pixels_have_no_length(walk_film):
    pixels = b"\xe0\x7f\x10\0OB\0\0" + struct.pack("<L", 6)
    walked = walk_film(swap(pixels, pixels[:-4] + b"\xff\xff\xff\xff"))
    assert walked.length is None


def test_a_sequence_of_undefined_length_ends_behind_its_delimiter():
    element = b"\x48\0\x1e\x02SL\x04\0\1\0\0\0"
    item = b"\xfe\xff\0\xe0" + struct.pack("<L", len(element)) + element
    opened = b"\xfe\xff\0\xe0\xff\xff\xff\xff" + element + b"\xfe\xff\x0d\xe0\0\0\0\0"
    whole = item + opened + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert sequence_end(whole + b"behind", 0, is_implicit=False) == len(whole)
    assert sequence_end(whole[:-1], 0, is_implicit=False) is None
    assert sequence_end(b"no item at all", 0, is_implicit=False) is None
