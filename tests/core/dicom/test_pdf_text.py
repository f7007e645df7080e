from __future__ import annotations

import json
import subprocess
import sys

import pytest
from bars import in_time
from report_files import document

from afloc_desktop.core.dicom import PDF_READER_VERB
from afloc_desktop.core.dicom import pdf_text as module
from afloc_desktop.core.dicom.pdf_text import pdf_text
from afloc_desktop.core.errors import Cancelled, UnreadableFile


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


def read_by(monkeypatch, code):
    """The reader is this code, which finds the module as `it`."""
    start = "import sys; sys.path[:] = sys.argv[1:]; from afloc_desktop.core.dicom import pdf_text"
    monkeypatch.setattr(module, "_START", f"{start} as it; {code}")


def test_a_long_document_reaches_a_slow_reader(monkeypatch):
    code = "import time; time.sleep(0.3); it._read = lambda data: str(len(data)); it.serve()"
    read_by(monkeypatch, code)
    assert pdf_text(b" " * 4_000_000) == "4000000"


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no limit")
def test_a_document_that_wants_too_much_memory_costs_itself_alone(monkeypatch):
    read_by(monkeypatch, "it._read = lambda data: data.decode() * 2**9; it.serve()")
    assert pdf_text(b"Nodule. ") == "Nodule. " * 2**9
    with pytest.raises(UnreadableFile, match="cannot be read"):
        pdf_text(b" " * 4_000_000)


def test_nobody_waits_for_a_document_that_takes_too_long(monkeypatch):
    read_by(monkeypatch, "import time; time.sleep(60)")
    with in_time("a document nobody wants is left, s", 1), pytest.raises(Cancelled):
        pdf_text(b" " * 1_000_000, should_stop=lambda: True)
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.2)
    with in_time("a document that takes too long is left, s", 1), pytest.raises(UnreadableFile):
        pdf_text(b" " * 1_000_000)


def test_a_frozen_application_is_its_own_reader(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    asked = []

    def note(command, **options):
        asked.append(command)
        said = json.dumps({"text": "No effusion."})
        answer = [sys.executable, "-c", f"print({said!r})"]
        return popen(answer, **options)

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", note)
    assert pdf_text(b"%PDF") == "No effusion."
    assert asked == [[sys.executable, PDF_READER_VERB]]
