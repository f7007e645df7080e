from __future__ import annotations

import subprocess
import sys

import pytest
from afloc_training.site.pdf_text import READER_VERB, pdf_text
from report_files import document

from afloc_desktop.core.errors import UnreadableFile


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


def test_an_installed_trainer_is_its_own_reader(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    asked = []

    def note(command, **options):
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, b'{"text": "No effusion."}')

    monkeypatch.setattr(subprocess, "run", note)
    assert pdf_text(b"%PDF") == "No effusion."
    assert asked == [[sys.executable, READER_VERB]]
