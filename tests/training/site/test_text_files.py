from __future__ import annotations

import pytest
from afloc_training.site.text_files import decode_text, plain, read_text

from afloc_desktop.core.errors import DatasetError


@pytest.mark.parametrize(
    ("data", "text", "is_guessed"),
    [
        ("Erguß".encode(), "Erguß", False),
        ("Erguß".encode("utf-8-sig"), "Erguß", False),
        ("Erguß".encode("utf-16"), "Erguß", False),
        ("Erguß".encode("cp1252"), "Erguß", True),
    ],
)
def test_text_is_read_whatever_wrote_it(data, text, is_guessed):
    assert decode_text(data) == (text, is_guessed)


def test_what_is_no_file_is_refused_without_opening_it(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DatasetError):
            read_text(path)


def test_what_looks_alike_is_alike():
    assert plain("Mu\u0308ller") == "Müller"
    assert plain("\ufb01ndings") == "findings"
    assert plain("Mül\u00adler\u200b") == "Müller"
    assert plain("\uff11\uff12") == "12"
    assert plain("half a \ud800 pair") == "half a  pair"
