"""From a folder of films and notes to a promoted model, by the commands of `site-training.md`.

An ordinary run takes three steps and shows that the way leads through. With AFLOC_BARS=full it
takes as many as the recipe and has to make maps of the site's findings better, as
`resources/docs/site-training.md` says, without forgetting what the base knew.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest
from afloc_training.cli import main as train
from afloc_training.tuning.settings import load_tune_recipe
from bars import is_full

from afloc_desktop.cli import main as afloc
from afloc_desktop.state.models import find, shipped
from afloc_desktop.state.paths import Paths

BASE = shipped("bundles") / "afloc-cxr-base"
IS_FULL = is_full()
SITE = ["--only", "Ground Glass Opacities", "--only", "Consolidation"]
FEW_FILMS = 40


def site(films: Path, folder: Path) -> Path:
    """The notes and their films, as a site would have them; few of them in an ordinary run."""
    folder.mkdir()
    with (films / "notes.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text_kind"] == "clinical_note"]
    for row in rows if IS_FULL else rows[:FEW_FILMS]:
        place = folder / row["image"]
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(films / "images" / row["image"], place)
    shutil.copyfile(films / "notes.csv", folder / "notes.csv")
    return folder


def told(capsys) -> dict:
    """The last line of what a verb says."""
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.skipif(
    not (BASE / "weights.safetensors").is_file(), reason="the shipped bundle holds no weights"
)
def test_a_site_teaches_the_shipped_model(shared, afloc_home, tmp_path, capsys):
    films, work = shared / "data" / "cxr", tmp_path / "work"
    store, run, bundle = work / "store", work / "run", work / "bundle"
    assert train(["prepare", str(site(films, tmp_path / "site")), "--output", str(store)]) == 1
    recipe = tmp_path / "tune.toml"
    text = load_tune_recipe(None)[1]
    recipe.write_text(text if IS_FULL else text.replace("steps = 80", "steps = 3"))
    order = ["--store", str(store), "--from", str(BASE), "--run", str(run)]
    replay = ["--replay", str(shared / "data"), "--recipe", str(recipe)]
    assert train(["fit", *order, *replay]) == 0
    assert train(["export", "--run", str(run), "--output", str(bundle)]) == 0

    capsys.readouterr()
    both = ["evaluate", "--base", str(BASE), "--bundle", str(bundle), "--json"]
    tables = ["--regions", str(films / "regions.csv"), "--images", str(films / "images")]
    page = tmp_path / "page.html"
    assert train([*both, *tables, *SITE, "--output", str(page)]) == 0
    rows = {row["label"]: row for row in told(capsys)["regions"]}
    assert rows["Ground Glass Opacities"]["cases"] == 23
    assert page.stat().st_size > 100_000
    if IS_FULL:
        glass, whole = rows["Ground Glass Opacities"], rows["all regions"]
        for measure, least in (("iou", 0.05), ("cnr", 0.08)):
            difference = glass[measure]["difference"]
            assert difference["value"] >= least, measure
            assert difference["low"] > 0, measure
        assert whole["pointing"]["difference"]["value"] >= -0.05
        labels = ["--labels", str(films / "nih.csv"), "--split", "dev"]
        assert train([*both, *tables, *labels]) == 0
        found = told(capsys)
        macro = next(row for row in found["regions"] if row["label"] == "macro-6")
        assert macro["cnr"]["difference"]["value"] >= -0.10
        assert found["presence"][-1]["auroc"]["difference"]["value"] >= -0.02

    assert afloc(["bundles", "promote", str(bundle)]) == 0
    assert find(Paths.default(), None).manifest.id != BASE.name
    assert afloc(["bundles", "rollback"]) == 0
    assert find(Paths.default(), None).manifest.id == BASE.name
