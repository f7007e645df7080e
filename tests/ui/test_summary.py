import threading
import unicodedata

import exported
import pytest
from pypdf import PdfReader

from afloc_desktop.core.export.overlay import BANNER
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.ui.summary import PdfExporter


@pytest.fixture
def image(tmp_path):
    return exported.film(tmp_path / "source", PatientName="Müller^Zoë", SpecificCharacterSet="")


def text_of(path):
    pages = PdfReader(path).pages
    assert len(pages) == 1
    # Ligatures and tabs are the extractor's own.
    return " ".join(unicodedata.normalize("NFKC", pages[0].extract_text()).split())


def test_a_study_becomes_one_page_also_on_another_thread(qapp, tmp_path, image):
    found = exported.statement(image, "Erguss 胸水", status="accepted", author="Ann")
    written = []
    selection = Selection((FilmResults(image, (found,)),))
    thread = threading.Thread(
        target=lambda: written.extend(PdfExporter().write(selection, tmp_path / "out"))
    )
    thread.start()
    thread.join()
    assert [path.name for path in written] == ["summary.pdf"]
    words = text_of(written[0])
    for part in (
        "Erguss",
        "0.81",
        "accepted by Ann",
        BANNER,
        "ab" * 8,
        "Müller Zoë",
    ):
        assert part in words


def test_what_does_not_fit_is_counted(qapp, tmp_path, image):
    many = tuple(exported.statement(image, f"Finding {n}") for n in range(60))
    (path,) = PdfExporter().write(Selection((FilmResults(image, many),)), tmp_path / "out")
    words = text_of(path)
    assert "Finding 0" in words
    assert "Finding 59" not in words
    assert "Findings that do not fit here" in words


def test_nothing_stated_writes_nothing(qapp, tmp_path, image):
    assert PdfExporter().write(Selection((FilmResults(image, ()),)), tmp_path / "out") == ()


def test_without_the_patient_the_page_names_nobody(qapp, tmp_path, image):
    typed = exported.statement(
        image, "as Zoë said", finding_id="text", origin="typed", status="accepted", author="Ann"
    )
    selection = Selection((FilmResults(image, (typed,)),), Pseudonyms())
    (path,) = PdfExporter().write(selection, tmp_path / "out")
    words = text_of(path)
    assert "Finding asked in words" in words
    for name in ("Zoë", "Müller", "Ann ", "P-1"):
        assert name not in words
