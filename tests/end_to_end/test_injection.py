"""Hostile tags and hostile paths go through every export, and nothing of them takes effect."""

import csv
import re

import pytest
from bars import is_full

from afloc_desktop.cli import main

NAME = re.compile(r"[A-Za-z0-9_.-]+")
FORMATS = "json,npz,png,csv,seg,sr,gsps,sc,pdf"


def tree(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.mark.shared
@pytest.mark.slow
def test_names_of_files_and_cells_of_tables_are_inert(shared, tmp_path, installed_tiny, qapp):
    given = [shared / "corpus" / "inject", shared / "corpus" / "dicomdir"]
    if not is_full():
        given = [*sorted(given[0].glob("*.dcm"))[:5], given[1] / "escape_dotdot"]
    odd = tmp_path / "=1+1\u202e\n,x"
    odd.mkdir()
    (odd / "@SUM(1).dcm").write_bytes(
        sorted((shared / "corpus/inject").glob("*.dcm"))[0].read_bytes()
    )
    output, before = tmp_path / "out", tree(shared / "corpus" / "dicomdir")
    words = ["localize", *map(str, [*given, odd]), "--bundle", installed_tiny]
    words += ["--output", str(output), "--finding", '=HYPERLINK("http://x")', "--formats", FORMATS]
    assert main(words) in (0, 1)
    assert tree(shared / "corpus" / "dicomdir") == before
    assert {path.name for path in tmp_path.iterdir()} == {odd.name, "out"}
    assert [path for path in output.rglob("*") if not NAME.fullmatch(path.name)] == []
    rows = list(csv.reader((output / "findings.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) > 5
    cells = [cell for row in rows for cell in row]
    assert [c for c in cells if c[:1] in ("=", "@") or not c.isprintable()] == []
    if not is_full():
        assert "OUTSIDE" not in (output / "results.json").read_text(encoding="utf-8")
