import pytest

from afloc_desktop.core.dicom.elements import Element
from afloc_desktop.core.dicom.text import text_problems

NAME, PARAGRAPH = 0x00100010, 0x00104000


def problems(stated: bytes | None, value: bytes, vr=b"PN", tag=NAME) -> tuple[str, ...]:
    found = [] if stated is None else [Element(0x00080005, b"CS", stated, len(stated))]
    return tuple(text_problems((*found, Element(tag, vr, value, len(value)))))


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (None, b"Doe^Jane"),
        (b"ISO_IR 100", "Müller^Jörg".encode("latin-1")),
        (b"ISO_IR 192", "王^小東".encode()),
        (b"GB18030 ", "王^小東".encode("gb18030")),
        (b"\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
        (b"\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce"),
        (b"ISO 2022 IR 6\\ISO 2022 IR 13", b"\xd4\xcf\xc0\xde"),
    ],
)
def test_nothing_is_said_of_text_in_its_stated_character_set(stated, value):
    assert problems(stated, value) == ()


@pytest.mark.parametrize("stated", [b"ISO_IR 999", b"ISO IR 100", b"rot13 ", b"idna"])
def test_an_unknown_character_set_is_told(stated):
    assert "unknown" in problems(stated, b"Doe")[0]


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (None, "Müller".encode("latin-1")),
        (b"ISO_IR 192", b"M\xfcller"),
        (b"ISO_IR 100", "王小東".encode()),  # UTF-8 under another name
        (b"\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED"),  # never switched back
    ],
)
def test_text_in_another_character_set_is_told(stated, value):
    assert "not in the character set" in problems(stated, value)[0]


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        (None, b"Smith\0Hidden"),
        (None, b"Smith\r\nINFO export ok"),
        (None, b"\x1b[2J\x1b[31mRED"),
        (b"ISO_IR 192", "Doe\u202eenaJ".encode()),
    ],
)
def test_signs_that_hide_are_told(stated, value):
    assert "control characters" in problems(stated, value)[0]


def test_a_paragraph_may_have_lines_and_a_name_may_be_padded():
    assert problems(None, b"one\r\ntwo\tthree\f", b"LT", PARAGRAPH) == ()
    assert problems(None, b"Doe^Jane\0") == ()


def test_text_beyond_its_length_is_told():
    assert problems(None, b"x" * 64, b"LO") == ()
    assert "longer than" in problems(None, b"x" * 65, b"LO")[0]
    assert problems(None, b"=".join([b"x" * 64] * 3)) == ()
    assert problems(b"ISO_IR 192", "王".encode() * 16, b"SH") == ()
