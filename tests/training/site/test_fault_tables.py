from __future__ import annotations

import csv
import io

from afloc_training.site.fault_tables import as_csv, as_html, as_text
from afloc_training.site.faults import fault

COUNTS = {"films": 3, "reports": 2}


def test_the_screen_shows_examples_and_says_how_many_more():
    faults = [fault("bad_row", "t.csv", row, "Why.") for row in range(9, 1, -1)]
    text = as_text(faults, COUNTS, str)
    assert text.startswith("films: 3  reports: 2")
    assert "ERROR  Row that cannot be read: 8" in text
    assert text.index("t.csv, row 2: Why.") < text.index("t.csv, row 6: Why.")
    assert "row 7" not in text
    assert "and 3 more" in text


def test_without_faults_it_says_so():
    assert "Nothing is wrong." in as_text([], COUNTS, str)
    assert b"Nothing is wrong." in as_html([], COUNTS, str)


def test_a_name_of_a_file_cannot_be_a_formula_or_markup():
    faults = [fault("blank_film", "=1+1.png", None, "Why."),
              fault("blank_film", "<b>x\u202e.png", None, "Why.")]  # fmt: skip
    rows = list(csv.reader(io.StringIO(as_csv(faults, str).decode("utf-8-sig"))))
    assert rows[1][2] == "'=1+1.png"
    assert rows[2][2] == "<b>x\\u202e.png"
    page = as_html(faults, COUNTS, str).decode()
    assert "<b>x" not in page
    assert "&lt;b&gt;x\\u202e.png" in page


def test_the_page_lists_kinds_with_their_remedies():
    page = as_html([fault("missing_film", "t.csv", 2, "Why.")], COUNTS, str).decode()
    assert "Image not found (1)" in page
    assert "Copy the image there" in page
    assert "<script" not in page
