import pytest

from afloc_desktop.core.dicom.elements import Element
from afloc_desktop.core.dicom.values import breaks_its_rule


def kind(vr: bytes, value: bytes, tag=0x00080060) -> str:
    return breaks_its_rule(Element(tag, vr, value, len(value)))


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"DA", b"20240229"),
        (b"DA", b"1992.12.31"),
        (b"DA", b""),
        (b"DA", b"20240101\\20240102"),
        (b"TM", b"07"),
        (b"TM", b"070907.0705 "),
        (b"TM", b"07:09:07"),
        (b"AS", b"018M"),
        (b"IS", b" -12 "),
        (b"DS", b"+1.5E-3\\.5\\-7."),
        (b"CS", b"CT"),
        (b"LO", b"anything %s"),
    ],
)
def test_legal_values_break_no_rule(vr, value):
    assert kind(vr, value) == ""


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"DA", b"20230229"),
        (b"DA", b"2023"),
        (b"TM", b"2400"),
        (b"TM", b"1"),
        (b"AS", b"18M"),
        (b"IS", b"2147483648"),
        (b"IS", b"1.0"),
        (b"DS", b"1,5"),
        (b"DS", b"nan"),
        (b"DS", b"1e999"),
        (b"DS", b"1\\2\\x"),
        (b"CS", b"Ct"),
        (b"CS", b"SEVENTEEN_LETTERS"),
    ],
)
def test_illegal_values_are_named(vr, value):
    assert kind(vr, value) != ""


def test_codes_that_decide_nothing_may_be_written_in_any_way():
    assert kind(b"CS", b"lower case", tag=0x00080008) == ""


def test_an_implicit_header_is_judged_by_what_is_known_of_the_element():
    assert kind(b"", b"20230229", tag=0x00080020) == "a date"
    assert kind(b"", b"\x01\x00", tag=0x00280010) == ""
