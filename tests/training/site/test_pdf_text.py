from __future__ import annotations

import pytest
from afloc_training.site.pdf_text import pdf_text

from afloc_desktop.core.errors import UnreadableFile


def document(words: str) -> bytes:
    """The smallest PDF that says something."""
    stream = f"BT /F1 12 Tf 72 700 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        data
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    )


def test_the_words_of_a_document_are_read():
    assert (
        pdf_text(document("Small effusion on the left.")).strip() == "Small effusion on the left."
    )


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n1 0 obj <<", b"\0" * 1000])
def test_what_is_no_document_is_refused(data):
    with pytest.raises(UnreadableFile):
        pdf_text(data)


def test_a_document_beyond_any_report_is_not_opened():
    with pytest.raises(UnreadableFile, match="too large"):
        pdf_text(b"%PDF" + b"\0" * 50_000_001)
