import pytest

from afloc_desktop.core.dicom.syntax import syntax_of
from afloc_desktop.core.errors import UnsupportedImage


@pytest.mark.parametrize(
    ("uid", "codec"),
    [
        ("1.2.840.10008.1.2", "native"),
        ("1.2.840.10008.1.2.1.99", "native"),
        ("1.2.840.10008.1.2.5", "rle"),
        ("1.2.840.10008.1.2.4.70", "jpeg"),
        ("1.2.840.10008.1.2.4.80", "jpeg-ls"),
        ("1.2.840.10008.1.2.4.90", "jpeg2000"),
        ("1.2.840.10008.1.2.4.201", "htj2k"),
        ("1.2.840.10008.1.2.4.102", "video"),
    ],
)
def test_each_syntax_has_one_codec(uid, codec):
    assert syntax_of(uid).codec == codec


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.840.10008.1.2.4.999", "4.90"])
def test_unknown_syntaxes_are_refused_not_guessed(uid):
    with pytest.raises(UnsupportedImage):
        syntax_of(uid)


def test_only_big_endian_is_big_endian():
    assert not syntax_of("1.2.840.10008.1.2.2").is_little_endian
    assert syntax_of("1.2.840.10008.1.2.1").is_little_endian
