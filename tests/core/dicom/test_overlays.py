import numpy as np
import pytest

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.overlays import SHOWN, find_overlays

PIXELS = np.zeros((4, 5), np.uint16)
BIG = "1.2.840.10008.1.2.2"
RS, CS, FRAMES, KIND, ORIGIN, FIRST = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
BITS, POSITION, LABEL, DATA = 0x100, 0x102, 0x1500, 0x3000
VRS = {RS: "US", CS: "US", FRAMES: "IS", KIND: "CS", ORIGIN: "SS", FIRST: "US", BITS: "US",
       POSITION: "US", LABEL: "LO", DATA: "OW"}  # fmt: skip


@pytest.fixture
def overlays_of(make_film, save_dataset):
    """The planes of a film with a group of given elements; further groups as dicts."""

    def find(*groups, pixels=PIXELS, frame=1, syntax="1.2.840.10008.1.2.1", **tags):
        data = make_film(pixels, **tags)
        for number, elements in enumerate(groups):
            for element, value in elements.items():
                data.add_new(0x60000000 + (number << 17) + element, VRS[element], value)
        path = save_dataset(data, syntax=syntax)
        with open_regular(path) as (file, size), quiet_pydicom():
            return find_overlays(parse(file, size), frame)

    return find


def packed(*planes):
    """Bits of planes, one after the other, least significant first, in whole words."""
    bits = np.concatenate([np.asarray(plane, np.uint8).ravel() for plane in planes])
    data = np.packbits(bits, bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def plane(bits, **more):
    bits = np.asarray(bits)
    base = {RS: bits.shape[0], CS: bits.shape[1], KIND: "G", ORIGIN: [1, 1], BITS: 1, POSITION: 0}
    return {**base, DATA: packed(bits), **more}


def test_a_plane_lies_where_its_origin_is(overlays_of):
    (found,), notes = overlays_of({**plane([[1, 0, 1], [0, 1, 0]]), ORIGIN: [2, 3]})
    expected = np.zeros((4, 5), bool)
    expected[1, 2] = expected[1, 4] = expected[2, 3] = True
    np.testing.assert_array_equal(found.mask, expected)
    assert (found.kind, found.label, notes) == ("G", "", (SHOWN,))
    assert not found.mask.flags.writeable


def test_what_lies_outside_the_image_is_cut_off(overlays_of):
    (found,), _ = overlays_of({**plane(np.ones((3, 3))), ORIGIN: [-1, 0]})
    # Rows -2 to 0 and columns -1 to 1 of the image.
    assert np.argwhere(found.mask).tolist() == [[0, 0], [0, 1]]
    (larger,), _ = overlays_of({**plane(np.ones((9, 9))), ORIGIN: [-2, -2]})
    assert larger.mask.all()
    (away,), _ = overlays_of({**plane(np.ones((2, 2))), ORIGIN: [90, 90]})
    assert not away.mask.any()


def test_several_planes_keep_their_order_kind_and_label(overlays_of):
    groups = ({**plane([[1]]), LABEL: "arrow"}, {**plane([[1]]), KIND: "R"})
    found, notes = overlays_of(*groups)
    assert [(one.kind, one.label) for one in found] == [("G", "arrow"), ("R", "")]
    assert notes == (SHOWN,)


def test_bits_of_big_endian_files_are_in_words(overlays_of):
    bits = np.zeros((4, 5), np.uint8)
    bits[0, 1] = bits[3, 4] = 1
    swapped = np.frombuffer(packed(bits), "<u2").astype(">u2").tobytes()
    (found,), _ = overlays_of({**plane(bits), DATA: swapped}, syntax=BIG)
    np.testing.assert_array_equal(found.mask, bits.astype(bool))


def test_each_frame_has_its_own_part_of_a_multi_frame_plane(overlays_of):
    first, second = np.eye(3, 5), np.fliplr(np.eye(3, 5))  # 15 bits: not whole bytes
    group = {**plane(first), DATA: packed(first, second), FRAMES: "2", FIRST: 2}
    frames = np.zeros((4, 4, 5), np.uint16)
    assert overlays_of(group, pixels=frames, frame=1) == ((), ())
    for frame, bits in ((2, first), (3, second)):
        (found,), _ = overlays_of(group, pixels=frames, frame=frame)
        np.testing.assert_array_equal(found.mask[:3], bits.astype(bool))
    assert overlays_of(group, pixels=frames, frame=4) == ((), ())


def test_a_plane_that_names_no_frames_belongs_to_all(overlays_of):
    frames = np.zeros((2, 4, 5), np.uint16)
    for frame in (1, 2):
        assert len(overlays_of(plane([[1]]), pixels=frames, frame=frame)[0]) == 1


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", BIG])
def test_a_plane_in_unused_bits_of_the_pixels_is_found(overlays_of, syntax):
    cells = np.full((4, 5), 7, ">u2" if syntax == BIG else "<u2")
    cells[1, 2] |= 1 << 14
    group = {RS: 4, CS: 5, KIND: "G", ORIGIN: [1, 1], BITS: 16, POSITION: 14}
    (found,), _ = overlays_of(group, pixels=cells, BitsStored=12, HighBit=11, syntax=syntax)
    assert np.argwhere(found.mask).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "broken",
    [
        {DATA: b"\1\0"},  # 20 bits claimed, 16 there
        {RS: 65535, CS: 65535},
        {RS: 0},
        {ORIGIN: [1, 1, 1]},
    ],
    ids=str,
)
def test_a_plane_that_claims_what_is_not_there_is_left_out_and_told(overlays_of, broken):
    found, notes = overlays_of({**plane(np.ones((4, 5))), **broken}, plane([[1]]))
    assert len(found) == 1
    assert "left out" in notes[1]


@pytest.mark.parametrize(
    "claim",
    [{POSITION: 11}, {POSITION: 16}, {BITS: 8, POSITION: 14}, {RS: 400, CS: 400, POSITION: 14}, {}],
    ids=str,
)
def test_an_embedded_plane_is_only_where_the_value_is_not(overlays_of, claim):
    group = {RS: 4, CS: 5, KIND: "G", ORIGIN: [1, 1], BITS: 16, **claim}
    found, notes = overlays_of(group, BitsStored=12, HighBit=11)
    assert found == ()
    assert "left out" in notes[0]


def test_frames_of_a_plane_that_are_not_there_are_told(overlays_of):
    group = {**plane(np.ones((4, 5))), FRAMES: "9", FIRST: 1}
    frames = np.zeros((2, 4, 5), np.uint16)
    assert len(overlays_of(group, pixels=frames, frame=1)[0]) == 1
    found, notes = overlays_of(group, pixels=frames, frame=2)
    assert found == ()
    assert "left out" in notes[0]


def test_a_film_without_planes_says_nothing(overlays_of):
    assert overlays_of() == ((), ())
