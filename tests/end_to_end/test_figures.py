"""The shipped model on real films, through the command that a site would use."""

import json

import pytest

from afloc_desktop.cli import main
from afloc_desktop.state.models import find
from afloc_desktop.state.paths import Paths

# What it has to reach, less what another processor or a smoothing of the last digit may cost.
AIR = 0.02
MACRO = {"pointing": 0.60, "iou": 0.26, "cnr": 1.55}
AUROC_OF_EIGHT = 0.72
AGAINST_NO_FINDING = 0.70
ENOUGH_POSITIVES = 20
PHRASINGS = 0.90
ADMITTED = 0.98
NAMED_SIDE = 0.30


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_shipped_model_keeps_its_promises_and_its_committed_figures_on_the_dev_split(
    shared, afloc_home, capsysbinary
):
    films = shared / "data" / "cxr"
    tables = ["--regions", str(films / "regions.csv"), "--labels", str(films / "nih.csv")]
    words = [*tables, "--images", str(films / "images"), "--split", "dev", "--words", "--json"]
    assert main(["evaluate", *words]) == 0
    report = json.loads(capsysbinary.readouterr().out)

    bundle = find(Paths.default(), "afloc-cxr-base")
    committed = {f.name: f.value for f in bundle.manifest.metrics}
    for measure, bar in MACRO.items():
        found = report["macro"][measure]["value"]
        assert found >= bar - AIR, measure
        assert found == pytest.approx(committed[f"macro-6 {measure}"], abs=AIR)
        for baseline in report["baselines"]:
            assert found > baseline["macro"][measure]["value"]
    assert report["labels_macro"] >= AUROC_OF_EIGHT - AIR
    (priors,) = (b["rows"] for b in report["baselines"] if b["name"] == "mean region")
    pairs = zip(report["rows"], priors, strict=True)
    six = [(row, prior) for row, prior in pairs if row["cases"] >= ENOUGH_POSITIVES]
    better = sum(row["cnr"]["value"] > prior["cnr"]["value"] for row, prior in six)
    assert better >= len(six) - 1

    for row in report["labels"]:
        if row["positives"] >= ENOUGH_POSITIVES:
            area = row["against_no_finding"]["value"]
            assert area >= AGAINST_NO_FINDING - AIR, row["label"]

    words = report["words"]
    assert words["phrasing"]["value"] >= PHRASINGS - AIR
    assert words["admitted"] >= ADMITTED
    assert words["side"]["difference"]["value"] >= NAMED_SIDE - AIR
    by_text = {row["text"]: row for row in words["unrelated"]}
    for text in ("a photograph of a cat", "zzz", "The weather is nice today.", "football match"):
        assert by_text.get(text, {"present": 0})["present"] == 0
    assert words["present"]["value"] <= words["above"]["value"]
    assert words["present"]["value"] <= 0.05
