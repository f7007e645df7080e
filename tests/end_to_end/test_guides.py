"""The guides, followed step by step: every command in their `sh` blocks, in order.

An ordinary run follows those for administrators and for trouble. Teaching takes minutes: the guide
for physicists is followed with AFLOC_BARS=full, its parts without training always.
"""

import csv
import shutil
from pathlib import Path

import pytest
from afloc_training.cli import main as train
from bars import is_full
from guides import commands

from afloc_desktop.cli import main as afloc
from afloc_desktop.state.models import shipped

BASE = shipped("bundles") / "afloc-cxr-base"
PROGRAMS = {"afloc": afloc, "afloc-train": train}
FEW_FILMS = 40
TRAINS = ("fit", "export", "calibrate", "evaluate", "promote", "rollback")
SOME_STAY_OUT = ("check", "prepare")  # rows of the notes without films, told one by one


def follow(document: str, names: dict[str, str], leave_out=()) -> list[str]:
    """Run the commands of a guide where we are; the verbs that ran."""
    done = []
    for program, *words in commands(shipped("docs") / document, "sh"):
        if set(leave_out) & set(words[:2]) or (leave_out and "work/bundle" in words):
            continue
        words = [names.get(word, word) for word in words]
        try:
            code = PROGRAMS[program](words)
        except SystemExit as end:  # --version
            code = end.code
        assert code == (1 if words[0] in SOME_STAY_OUT else 0), (program, words)
        done.append(words[0])
    return done


def a_site(shared: Path, folder: Path) -> None:
    """Films and notes in `site`, and a few regions of films in `films`, as the guide names them."""
    data = shared / "data" / "cxr"
    with (data / "notes.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text_kind"] == "clinical_note"]
    for row in rows if is_full() else rows[:FEW_FILMS]:
        place = folder / "site" / row["image"]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data / "images" / row["image"], place)
    shutil.copyfile(data / "notes.csv", folder / "site" / "notes.csv")
    (folder / "films").symlink_to(data / "images")
    (folder / "masks").symlink_to(data / "masks")
    shutil.copyfile(data / "regions.csv", folder / "regions.csv")


@pytest.mark.slow
def test_the_guide_for_administrators_can_be_followed(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    done = follow("administrator-guide.md", {})
    assert done == ["self-test", "bundles", "bundles", "licences", "licences"]


@pytest.mark.slow
def test_the_way_out_of_trouble_can_be_followed(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sample").symlink_to(shipped("sample"))
    assert follow("troubleshooting.md", {}) == ["self-test", "--version", "scan", "render"]
    assert (tmp_path / "effusion.png").stat().st_size > 10_000


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_guide_for_physicists_can_be_followed(shared, tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    a_site(shared, tmp_path)
    leave_out = () if is_full() else TRAINS
    done = follow("physicist-guide.md", {"BASE": str(BASE)}, leave_out)
    assert {"self-test", "findings", "check", "prepare"} <= set(done)
    assert (tmp_path / "review.html").is_file()
    if is_full():
        assert {"fit", "export", "calibrate", "evaluate"} <= set(done)
