import struct
import time

import numpy as np
import pytest
from bars import hold_within
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.remarks import find_remarks

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)


def remarks_of(path) -> tuple[str, ...]:
    with open_regular(path) as (file, size), quiet_pydicom():
        return find_remarks(parse(file, size))


def element(group, number, vr, value) -> bytes:
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def insert_before(path, group, number, extra) -> None:
    """Put bytes in front of an element of a written file."""
    content = path.read_bytes()
    place = content.index(struct.pack("<HH", group, number), 132)
    path.write_bytes(content[:place] + extra + content[place:])


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_nothing_is_said_of_an_ordinary_film(write_film, syntax):
    tags = {"syntax": syntax} if syntax else {}
    path = write_film(
        RAMP, StudyDate="20260101", StudyTime="235960.5", PatientAge="045Y", WindowCenter="-1.5e2",
        WindowWidth="40", InstanceNumber="12", SeriesNumber=3, StudyDescription="Chest PA", **tags,
    )  # fmt: skip
    assert remarks_of(path) == ()


def test_two_names_of_the_patient_are_told(write_film):
    path = write_film(RAMP)
    insert_before(path, 0x0010, 0x0020, element(0x0010, 0x0010, b"PN", b"Roe^Richard "))
    (remark,) = remarks_of(path)
    assert "patient's name twice" in remark
    assert "Roe" not in remark


def test_any_other_repeated_element_is_told(write_film):
    path = write_film(RAMP)
    insert_before(path, 0x0028, 0x0011, element(0x0028, 0x0010, b"US", b"\3\0"))
    assert remarks_of(path) == (
        "The file gives an element of its header twice; the last value was used.",
    )


def test_elements_that_are_not_in_order_are_told(write_film):
    path = write_film(RAMP)
    insert_before(path, 0x0028, 0x0010, element(0x0018, 0x0015, b"CS", b"CHEST "))
    assert "not in order" in remarks_of(path)[0]


@pytest.mark.parametrize(
    ("before", "extra", "word"),
    [
        ((0x0008, 0x0060), element(0x0008, 0x0020, b"DA", b"20261340"), "a date"),
        ((0x0008, 0x0060), element(0x0008, 0x0030, b"TM", b"256199"), "a time"),
        ((0x0020, 0x000D), element(0x0010, 0x1010, b"AS", b"999Z"), "an age"),
        ((0x0020, 0x000D), element(0x0018, 0x0015, b"CS", b"chest!"), "a code"),
    ],
)
def test_values_against_the_rules_are_named_by_kind(write_film, before, extra, word):
    path = write_film(RAMP)
    insert_before(path, *before, extra)
    (remark,) = remarks_of(path)
    assert word in remark


@pytest.mark.parametrize(
    ("number", "vr", "value", "words"),
    [
        (0x0011, b"IS", b"99999999999999999999", "a whole number"),
        (0x0011, b"IS", b"1.5 ", "a whole number"),
        (0x0013, b"IS", b"-1", "is negative"),
        (0x0050, b"DS", b"1e9999", "a decimal number"),
        (0x0050, b"DS", b"one ", "a decimal number"),
        (0x0050, b"DS", b"0.12345678901234567 ", "a decimal number"),
    ],
)
def test_illegal_numbers_are_told(write_film, number, vr, value, words):
    path = write_film(RAMP)
    insert_before(path, 0x0028, 0x0002, element(0x0020, number, vr, value))
    assert words in remarks_of(path)[0]


@pytest.mark.parametrize("uid", [b"../../tmp/x ", b"abc ", b"1.2\x00../x", b"1." * 50 + b"1", b""])
def test_identifiers_that_are_none_are_told(write_film, uid):
    path = write_film(RAMP)
    content = path.read_bytes()
    place = content.index(struct.pack("<HH", 0x0008, 0x0018), 132)
    length = struct.unpack_from("<H", content, place + 6)[0]
    path.write_bytes(
        content[:place] + element(0x0008, 0x0018, b"UI", uid) + content[place + 8 + length :]
    )
    assert any("identifier" in remark for remark in remarks_of(path))


def test_deep_wide_and_large_headers_are_told(make_film, save_dataset):
    deep = make_film(RAMP)
    inner = Dataset()
    for _ in range(20):
        outer = Dataset()
        outer.add_new(0x00081140, "SQ", Sequence([inner]))
        outer["ReferencedImageSequence"].is_undefined_length = True
        inner = outer
    deep.update(inner)
    assert "lists in lists" in remarks_of(save_dataset(deep))[0]
    wide = make_film(RAMP)
    wide.add_new(0x00081140, "SQ", Sequence([Dataset() for _ in range(6000)]))
    assert "longer than usual" in remarks_of(save_dataset(wide))[0]
    large = make_film(RAMP)
    large.add_new(0x00090010, "LO", "VENDOR")
    large.add_new(0x00091001, "OB", bytes(600_000))
    assert "large private element" in remarks_of(save_dataset(large))[0]


def test_what_stands_behind_the_pixels_is_told(write_film):
    path = write_film(RAMP)
    whole = path.read_bytes()
    for tail, expected in (
        (element(0x0010, 0x0010, b"PN", b"Roe "), ("The file goes on behind its pixels",)),
        (b"\xe0\x7f\x10\x00OW\0\0\x02\0\0\0xx", ("The file holds pixels twice",)),
        (b"\xfc\xff\xfc\xffOB\0\0\x02\0\0\0\0\0", ()),  # padding is legal
        (bytes(12), ()),
    ):
        path.write_bytes(whole + tail)
        remarks = remarks_of(path)
        assert len(remarks) == len(expected)
        assert all(a.startswith(b) for a, b in zip(remarks, expected, strict=True))


@pytest.mark.bench
def test_looking_costs_little(write_film):
    path = write_film(RAMP, StudyDescription="y")
    with open_regular(path) as (file, size), quiet_pydicom():
        parsed = parse(file, size)

        def seconds():
            started = time.perf_counter()
            find_remarks(parsed)
            return time.perf_counter() - started

        hold_within("remarks on a film, s", seconds, 0.002, tries=9)
