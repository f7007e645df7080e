"""The guides, followed step by step: every command in them, in order.

An ordinary run follows README and the guides for administrators, for photographs and for trouble.
Teaching and measuring take minutes: the guide for physicists is followed with AFLOC_BARS=full, its
parts without training always.
"""

import ast
import csv
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from afloc_training.cli import main as train
from bars import is_full
from guides import commands
from slides_made import make_slide

from afloc_desktop.cli import main as afloc
from afloc_desktop.state.models import shipped

BASE = shipped("bundles") / "afloc-cxr-base"
PROGRAMS = {"afloc": afloc, "afloc-train": train}
ROOT = Path(__file__).resolve().parents[2]
README, EYES, TISSUE = "README.md", *(f"resources/docs/{n}-guide.md" for n in ("fundus", "histo"))
ADMINISTRATORS, TROUBLE, PHYSICISTS = (
    f"resources/docs/{name}.md"
    for name in ("administrator-guide", "troubleshooting", "physicist-guide")
)
FOLLOWED = (README, EYES, TISSUE, ADMINISTRATORS, TROUBLE, PHYSICISTS)
_OTHERS = ("radiologist-guide", "histo-guide", "results", "site-training", "intended-use")
GUIDES = (*FOLLOWED, *(f"resources/docs/{name}.md" for name in _OTHERS))
# Titles of papers and models, what another program shows, keys, and what is only stressed.
OF_OTHERS = ("ChestX-ray8", "Nature", "Fundus photographs,", "Apps", "Space", "Open a film, say")
_M = re.DOTALL | re.MULTILINE
FEW_FILMS = 40
TRAINS = ("fit", "export", "calibrate", "evaluate", "bundles promote", "bundles rollback")
MEASURES = ("fundus-tables", "check", "prepare", "evaluate", *TRAINS)
# Rows of the notes without films are told one by one; the held-out films are too few to calibrate.
EXPECTED = {"check": 1, "prepare": 1, "calibrate": 2}
# Verbs that need what no guide has at hand (a window, somebody's checkpoint, hours), and the tests
# that run them.
ELSEWHERE = {
    "studies": "tests/cli/test_listing.py",
    "demo": "tests/end_to_end/test_first_light.py",
    "/path/to/study": "tests/end_to_end/test_tour.py",
    "bundles import-checkpoint": "tests/training/afloc/test_importing.py",
    "bundles use": "tests/cli/test_bundles.py",
    "default-bundle": "tests/training/test_default_bundle.py",
    "default-fundus": "tests/training/fundus",
}


def verb(words: list[str]) -> str:
    return " ".join(words[: 2 if words[0] == "bundles" else 1])


def follow(
    document: str,
    names: dict[str, str],
    leave_out=(),
    kind: str | None = "sh",
    expected: dict[str, int] = EXPECTED,
) -> list[str]:
    """Run the commands of a guide where we are; the verbs that ran."""
    done = []
    for program, *words in commands(ROOT / document, kind):
        if verb(words) in leave_out or ("export" in leave_out and "work/bundle" in words):
            continue
        words = [names.get(word, word) for word in words]
        try:
            code = PROGRAMS[program](words)
        except SystemExit as end:  # --version
            code = end.code
        assert code == expected.get(words[0], 0), (program, words)
        done.append(words[0])
    return done


def pieces_said() -> set[str]:
    """What the programs say, each piece of it, without the marks of keys in menus."""
    sources = [*ROOT.glob("afloc_desktop/**/*.py"), *ROOT.glob("training/**/*.py")]
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sources)
    nodes = (node for tree in trees for node in ast.walk(tree))
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value.replace("&", "").strip("…") for value in values if isinstance(value, str)}


def named(document: Path) -> Iterator[str]:
    """What a guide sets in italics, and paths through menus."""
    text = re.sub(r"^```.*?^```|`[^`]*`|^ {4}.*$", "", document.read_text("utf-8"), flags=_M)
    for stars, words in re.findall(r"(\*+)(\S[^*]*)\1", text):
        if stars == "*" or "→" in words:
            yield " ".join(words.split())


def test_what_a_guide_names_is_on_the_screen_under_that_name():
    said = pieces_said()
    unknown = []
    for words in (words for guide in GUIDES for words in named(ROOT / guide)):
        steps = [step.strip("… ") for step in words.split("→")]
        is_menu = len(steps) > 1 and set(steps) <= said
        is_text = len(steps) == 1 and any(steps[0].partition(" 8 ")[0] in text for text in said)
        if not (is_menu or is_text or words.startswith(OF_OTHERS)):
            unknown.append(words)
    assert unknown == []


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


def test_every_command_of_every_document_is_followed_here_or_run_elsewhere():
    followed = {verb(words) for name in FOLLOWED for _, *words in commands(ROOT / name)}
    documents = (ROOT / "resources/docs").glob("*.md")
    said = {verb(words) for path in documents for _, *words in commands(path)}
    assert said - followed - set(ELSEWHERE) == set()
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).exists()] == []


@pytest.mark.slow
def test_what_readme_says_can_be_typed(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(shipped("sample") / "effusion.dcm", tmp_path / "film.dcm")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as packed:
        packed.write("film.dcm")
    names = {"/path/to/study": "film.dcm", "/path/to/study.zip": "study.zip"}
    done = follow(README, names, (*ELSEWHERE, "evaluate"), kind=None)
    assert done == ["scan", "render", "localize", "localize", "findings", "self-test"]


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_guide_for_photographs_can_be_followed(shared, tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(shared / "data/fundus/images/IDRiD_01.jpg", tmp_path / "eye.jpg")
    data = {"../shared/data": str(shared / "data")}
    data["../shared/data/fundus"] = str(shared / "data/fundus")
    slow = () if is_full() else MEASURES
    data["EYES"] = str(shipped("bundles") / "afloc-fundus-base")
    done = follow(EYES, data, (*ELSEWHERE, *slow), kind=None, expected={})
    site = ["fundus-tables", "check", "prepare", "fit", "export", "calibrate", "evaluate"]
    asked = ["localize"]
    assert done == ([*site, *asked, "fundus-tables", "evaluate"] if is_full() else asked)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.skipif(not is_full(), reason="AFLOC_BARS=full teaches two bundles, in minutes")
def test_the_guide_for_stained_tissue_can_be_followed(shared, tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    data = {"../shared/data": str(shared / "data")}
    data["../shared/data/histo"] = str(shared / "data/histo")
    make_slide(tmp_path / "slides" / "one", 1600, 1000, levels=3, syntax="jpeg2000")
    done = follow(TISSUE, data, expected={})
    taught = ["histo-demo", "check", "prepare", "fit", "export", "evaluate"]
    assert done == [*taught, "bundles", "localize"]
    assert {p.name.split("_")[1] for p in Path("found/objects").iterdir()} >= {"sr", "sc"}


@pytest.mark.slow
def test_the_guide_for_administrators_can_be_followed(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    done = follow(ADMINISTRATORS, {})
    assert done == ["self-test", "bundles", "bundles", "licences", "licences"]


@pytest.mark.slow
def test_the_way_out_of_trouble_can_be_followed(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sample").symlink_to(shipped("sample"))
    assert follow(TROUBLE, {}) == [
        "self-test",
        "--version",
        "scan",
        "render",
    ]
    assert (tmp_path / "effusion.png").stat().st_size > 10_000


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_guide_for_physicists_can_be_followed(shared, tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)
    a_site(shared, tmp_path)
    leave_out = () if is_full() else TRAINS
    done = follow(PHYSICISTS, {"BASE": str(BASE)}, leave_out)
    assert {"self-test", "findings", "check", "prepare"} <= set(done)
    assert (tmp_path / "review.html").is_file()
    if is_full():
        assert {"fit", "export", "calibrate", "evaluate"} <= set(done)
