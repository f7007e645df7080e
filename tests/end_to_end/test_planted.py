"""Forty identifying strings in every element, report and path: none of them leaves the station."""

import base64
import zipfile
import zlib

import exported
import numpy as np
import pytest
from doubles import QueueLoop
from leaving import Leaving
from phantom_files import dot_film, write_film
from planted import DAY, STRINGS, elements, held, held_below

from afloc_desktop.cli import main
from afloc_desktop.core.export.formats import FORMATS
from afloc_desktop.state.audit import Audit, check_audit
from afloc_desktop.state.crashes import note_crash
from afloc_desktop.state.diagnostics import diagnostics
from afloc_desktop.state.paths import Paths
from afloc_desktop.ui.exporting import make_exporters

IN_FILM, (FOLDER, NAME, MEMBER, TYPED, REPORT, READER, CRASH) = STRINGS[:33], STRINGS[33:]
UID = "1.2.77.5.987654321"
UNWANTED = [*STRINGS, DAY, "1988-12-24", UID]


@pytest.fixture
def films(tmp_path):
    """A film in an archive in a folder that name its patient, and a report beside it."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    member = write_film(tmp_path / "x.dcm", dot_film(), **elements(IN_FILM), SOPInstanceUID=UID)
    with zipfile.ZipFile(folder / f"{NAME}.zip", "w") as archive:
        archive.write(member, f"{MEMBER}/1.dcm")
    member.unlink()
    (folder / f"{NAME}.txt").write_text(f"There is an effusion, said {REPORT}.")
    return folder


def test_what_is_planted_is_found_in_every_form(tmp_path):
    text = STRINGS[0]
    raw = f"before {text} after"
    np.savez_compressed(tmp_path / "a.npz", np.array([raw]))
    packed = b"%PDF stream\r\n" + zlib.compress(raw.encode() * 3) + b"endstream"
    for data in (raw.encode(), raw.encode("utf-16"), (tmp_path / "a.npz").read_bytes(), packed):
        assert held(data, STRINGS) == {text}
    for shift in range(3):
        code = base64.b64encode(b"x" * shift + raw.encode())
        assert held(code, STRINGS) == {text}
    assert held(b"nothing of it", STRINGS) == set()
    assert held_below(tmp_path, ["a.npz"]) == {"a.npz": {"a.npz"}}


@pytest.mark.slow
def test_an_export_from_the_command_line_holds_nothing_of_it(
    films, tmp_path, installed_tiny, afloc_home, capsys, qapp
):
    output = tmp_path / "out"
    known = ",".join(["npz", *(kind.id for kind in FORMATS)])
    words = ["localize", str(films), "--bundle", installed_tiny, "--output", str(output)]
    words += ["--finding", f"effusion of {TYPED}", "--finding", "bright spot", "--deidentify"]
    words += ["--report", str(films / f"{NAME}.txt"), "--formats", known, "--json"]
    assert main(words) in (0, 1)
    assert len(list(output.rglob("*.dcm"))) >= 5
    assert list(output.rglob("*.pdf"))
    assert held_below(output, UNWANTED) == {}
    assert held(capsys.readouterr().out.encode(), UNWANTED) == set()
    assert check_audit(Paths.default().audit).lines
    assert held_below(afloc_home, UNWANTED) == {}


@pytest.mark.slow
def test_an_export_from_the_window_its_trail_crash_and_diagnostics_hold_nothing_of_it(
    films, tmp_path, afloc_home, qapp
):
    desk = Leaving(tmp_path / "desk", QueueLoop())
    desk.out = tmp_path / "out"
    image = exported.film(films / "more", **elements(IN_FILM))
    words = {"author": READER, "status": "edited"}
    desk.accepted = {
        image.ref: (
            exported.statement(image, TYPED, finding_id="text", origin="typed", **words),
            exported.statement(image, REPORT, finding_id="text", origin="report", **words),
            exported.statement(image, **words),
        )
    }
    trail = Audit(Paths.default().audit)
    desk.note = trail.note
    desk.exports._note = trail.note
    outcomes = desk.write(
        *(kind.id for kind in FORMATS), maker=make_exporters, is_deidentified=True
    )
    desk.tasks.close()
    assert [o.problem for o in outcomes] == [None] * len(FORMATS)
    trail.note_one("rejected", desk.accepted[image.ref][0].heatmap.key, None, "artefact")
    try:
        raise ValueError(CRASH, *STRINGS)
    except ValueError as error:
        note_crash(Paths.default().log, type(error), error.__traceback__)
    (tmp_path / "out" / "diagnostics.txt").write_text(diagnostics(desk.store.state))
    assert held_below(desk.out, UNWANTED) == {}
    assert len(list(afloc_home.rglob("*"))) >= 4
    assert held_below(afloc_home, UNWANTED) == {}
