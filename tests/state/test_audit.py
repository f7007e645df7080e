import json
import os
import subprocess
import sys
from dataclasses import replace

import exported
import numpy as np
import pytest

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.selection import FilmResults
from afloc_desktop.state.audit import Audit, AuditCheck, check_audit


@pytest.fixture
def results(make_image):
    image = make_image(np.zeros((120, 100)))
    return FilmResults(
        image,
        (
            exported.statement(
                image,
                "Smith, John: effusion",
                finding_id="text",
                origin="typed",
                author="Dr Jane Reader",
                status="accepted",
            ),
        ),
    )


def entries(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_entry_says_what_was_done_with_which_model(tmp_path, results):
    path = tmp_path / "data" / "audit.jsonl"
    Audit(path).note("exported", results, ("seg", "sr"))
    (entry,) = entries(path)
    assert (entry["action"], entry["frame"], entry["objects"]) == ("exported", 1, ["seg", "sr"])
    (finding,) = entry["findings"]
    assert finding["id"] == "text"
    assert (finding["status"], finding["similarity"], finding["threshold"]) == (
        "accepted",
        0.8125,
        0.375,
    )
    assert finding["bundle_sha256"] == "ab" * 32
    assert entry["previous"] == ""


def test_nobody_is_named(tmp_path, results):
    path = tmp_path / "audit.jsonl"
    Audit(path).note("accepted", results)
    for file in tmp_path.iterdir():
        for name in (b"Smith", b"effusion", b"Jane", b"1.2.3", b"film.dcm"):
            assert name not in file.read_bytes()


def test_the_same_film_and_reader_are_known_again_here_and_nowhere_else(tmp_path, results):
    for folder in ("a", "a", "b"):
        Audit(tmp_path / folder / "audit.jsonl").note("accepted", results)
    first, again = entries(tmp_path / "a" / "audit.jsonl")
    (elsewhere,) = entries(tmp_path / "b" / "audit.jsonl")
    assert first["film"] == again["film"] != elsewhere["film"]
    assert first["findings"][0]["by"] == again["findings"][0]["by"] != ""
    assert first["findings"][0]["by"] != elsewhere["findings"][0]["by"]


def test_a_machines_proposal_has_no_author(tmp_path, results):
    (statement,) = results.statements
    finding = replace(statement.finding, author="", status="proposed", similarity=float("nan"))
    film = FilmResults(results.image, (replace(statement, finding=finding),))
    Audit(tmp_path / "a").note("proposed", film)
    (entry,) = entries(tmp_path / "a")
    assert (entry["findings"][0]["by"], entry["findings"][0]["similarity"]) == ("", None)


@pytest.fixture
def trail(tmp_path, results):
    path = tmp_path / "audit.jsonl"
    for action in ("proposed", "accepted", "edited", "exported"):
        Audit(path).note(action, results)
    return path


def test_an_untouched_trail_is_whole(trail, tmp_path):
    assert check_audit(trail) == AuditCheck(4, ())
    assert check_audit(tmp_path / "none").lines == 0


def test_a_changed_line_is_found(trail):
    text = trail.read_text().replace('"action":"accepted"', '"action":"rejected"')
    trail.write_text(text)
    assert check_audit(trail).broken == (2,)


def test_a_line_taken_out_is_found(trail):
    lines = trail.read_text().splitlines(keepends=True)
    trail.write_text("".join([*lines[:1], *lines[2:]]))
    assert check_audit(trail).broken == (1,)


def test_a_line_cut_off_by_a_power_cut_is_named_and_the_trail_goes_on(trail, results):
    data = trail.read_bytes()
    trail.write_bytes(data[:-40])
    Audit(trail).note("exported", results)
    check = check_audit(trail)
    assert (check.lines, check.broken) == (5, (4,))


def test_a_line_that_does_not_fit_leaves_the_trail_as_it_was(trail, results, monkeypatch):
    before, write = trail.read_bytes(), os.write

    def nearly_full(handle, line):
        if len(line) > 40:
            return write(handle, line[:40])
        raise OSError(28, "No space left on device")

    # The disk takes some of the line, then no more.
    monkeypatch.setattr(os, "write", lambda h, d: nearly_full(h, d) if is_on else write(h, d))
    is_on = True
    with pytest.raises(ExportError, match="No space"):
        Audit(trail).note("exported", results)
    is_on = False
    assert trail.read_bytes() == before
    Audit(trail).note("exported", results)
    assert check_audit(trail) == AuditCheck(5, ())


def test_a_trail_that_cannot_be_written_is_an_error(tmp_path, results):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError):
        Audit(tmp_path / "file" / "audit.jsonl").note("exported", results)
    with pytest.raises(ExportError):
        check_audit(tmp_path)


APPEND = """
import sys
sys.path[:0] = sys.argv[2].split(":")
from pathlib import Path
import numpy as np
from afloc_desktop.core.domain import Image, ImageRef
from afloc_desktop.core.export.selection import FilmResults
from afloc_desktop.state.audit import Audit
pixels = np.zeros((2, 2), np.float32)
ref = ImageRef(Path("f"), 1, "1", 2, 2, None)
film = FilmResults(Image(ref, pixels, False, None, (), None, "0", None, ()), ())
for _ in range(25):
    Audit(Path(sys.argv[1])).note("proposed", film)
"""


def test_two_processes_write_one_chain(tmp_path):
    path = tmp_path / "audit.jsonl"
    command = [sys.executable, "-c", APPEND, str(path), os.pathsep.join(sys.path)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert check_audit(path).lines == 50
    assert check_audit(path).broken == ()


def test_a_verdict_on_one_answer_keeps_the_reason_and_no_name(tmp_path, results):
    path = tmp_path / "audit.jsonl"
    (statement,) = results.statements
    key = statement.heatmap.key
    trail = Audit(path)
    trail.note_one("rejected", key, statement, "artefact")
    trail.note_one("overridden", key, None, "lateral")
    first, second = entries(path)
    assert (first["action"], first["reason"], len(first["findings"])) == ("rejected", "artefact", 1)
    assert (second["action"], second["reason"], second["findings"]) == ("overridden", "lateral", [])
    assert first["film"] == second["film"] != key.sop_instance_uid
    assert b"Smith" not in path.read_bytes()
