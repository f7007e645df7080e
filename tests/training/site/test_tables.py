from __future__ import annotations

import pytest
from afloc_training.site.tables import columns_of, read_table

from afloc_desktop.core.errors import DatasetError


def read(tmp_path, name: str, text: str, **columns):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return read_table(path, name, columns)


def test_rows_become_reports_and_keep_their_number(tmp_path):
    text = (
        'Image Path,Report,Patient-ID,Split\na.png,"Line one\nline two",P1,train\n'
        "b.png,Clear,P2,dev\n"
    )
    reports, faults = read(tmp_path, "r.csv", text)
    assert faults == []
    assert [(r.image, r.text, r.row, r.patient_id, r.split) for r in reports] == [
        ("a.png", "Line one\nline two", 2, "P1", "train"),
        ("b.png", "Clear", 3, "P2", "dev"),
    ]


@pytest.mark.parametrize("name", ["r.csv", "r.tsv"])
def test_the_separator_is_found(tmp_path, name):
    separator = "\t" if name.endswith("tsv") else ";"
    reports, _ = read(tmp_path, name, f"image{separator}report\na.png{separator}Clear, normal\n")
    assert reports[0].text == "Clear, normal"


def test_findings_and_impression_in_columns_of_their_own_become_sections(tmp_path):
    reports, _ = read(tmp_path, "r.csv", "image,findings,impression\na.png,Clear.,Normal.\n")
    assert reports[0].text == "FINDINGS:\nClear.\n\nIMPRESSION:\nNormal."


def test_the_user_may_say_what_a_column_is(tmp_path):
    reports, _ = read(
        tmp_path, "r.csv", "Datei,Text2\na.png,Clear\n", image="Datei", report="Text2"
    )
    assert (reports[0].image, reports[0].text) == ("a.png", "Clear")


def test_a_column_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="lacks a column"):
        read(tmp_path, "r.csv", "image,report\na.png,x\n", report="Befund")


def test_columns_that_name_somebody_become_identifiers(tmp_path):
    text = "image,report,patient_name,referring_physician,age\na.png,x,Jane Roe,Poe,61\n"
    assert read(tmp_path, "r.csv", text)[0][0].identifiers == ("Jane^Roe^", "Poe^")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("a.png", "bad_row"),
        ("a.png,b,c", "bad_row"),
        ("a.png,x\0y", "bad_row"),
        ('a.png,"open', "bad_row"),
        ("a.png,=1+1", "formula"),
        ("a.png," + "x" * 200_000, "long_report"),
    ],
)
def test_a_bad_row_costs_itself_alone(tmp_path, row, kind):
    reports, faults = read(tmp_path, "r.csv", f"image,report\nz.png,Clear.\n{row}\n")
    assert [r.image for r in reports] == ["z.png"]
    assert [(f.kind, f.file, f.row) for f in faults] == [(kind, "r.csv", 3)]


def test_a_dash_in_front_of_a_sentence_is_no_formula(tmp_path):
    reports, faults = read(tmp_path, "r.csv", "image,report\na.png,- No effusion\n")
    assert len(reports) == 1
    assert faults == []


def test_json_lines_are_read_strictly(tmp_path):
    lines = [
        '{"image": "a.png", "report": "Clear.", "age": 61}',
        '{"image": "b.png", "report": "Effusion.", "image": "c.png"}',
        '{"image": "d.png", "report": ["x"]}',
        "[1]",
        '{"image": "e.png"}',
    ]
    reports, faults = read(tmp_path, "r.jsonl", "\n".join(lines))
    assert [(r.image, r.row, r.age) for r in reports] == [("a.png", 1, "61"), ("e.png", 5, "")]
    assert [(f.kind, f.row) for f in faults] == [("bad_row", 2), ("bad_row", 3), ("bad_row", 4)]


def test_a_workbook_is_read_and_its_formulas_refused(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (("image", "report", "age"), ("a.png", "Clear.", 61), ("b.png", "=1+1", 5)):
        book.active.append(row)
    book.save(tmp_path / "r.xlsx")
    reports, faults = read_table(tmp_path / "r.xlsx", "r.xlsx", {})
    assert [(r.image, r.text, r.age, r.row) for r in reports] == [("a.png", "Clear.", "61", 2)]
    assert [(f.kind, f.row) for f in faults] == [("formula", 3)]


def test_what_only_claims_to_be_a_workbook_is_refused(tmp_path):
    (tmp_path / "r.xlsx").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DatasetError, match="damaged"):
        read_table(tmp_path / "r.xlsx", "r.xlsx", {})


def test_another_encoding_is_read_and_said(tmp_path):
    (tmp_path / "r.csv").write_bytes("image,report\na.png,Erguß\n".encode("cp1252"))
    reports, faults = read_table(tmp_path / "r.csv", "r.csv", {})
    assert reports[0].text == "Erguß"
    assert [f.kind for f in faults] == ["encoding"]


def test_columns_say_whether_a_table_is_one_of_reports(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("image,labels,report\n", encoding="utf-8")
    assert set(columns_of(path)) == {"image", "report"}
    path.write_text("", encoding="utf-8")
    assert columns_of(path) == ()
