from __future__ import annotations

import dataclasses

from afloc_training import bundle_files
from afloc_training.described import Source
from afloc_training.model_card import Training, card, figures, localization_table, presence_table
from afloc_training.recipe import load_recipe
from afloc_training.thresholds import Calibration, Threshold
from afloc_training.vocabulary import FINDINGS

from afloc_desktop.core.evaluate import Baseline, Report, Row
from afloc_desktop.core.label_figures import LabelRow, Reliability
from afloc_desktop.core.metrics import Interval
from afloc_desktop.core.word_figures import PhrasingRow, SideFigures, UnrelatedRow, WordFigures


def row(label, value):
    interval = Interval(value, value - 0.125, value + 0.125)
    return Row(label, 4, interval, interval, interval, interval, None)


def about(value):
    return Interval(value, value - 0.125, value + 0.125)


WORDS = WordFigures(
    films=16,
    phrasings=(PhrasingRow("Mass", about(0.75)),),
    phrasing=about(0.75),
    admitted=0.5,
    unrelated=(UnrelatedRow("banana", 0.5, 0.0), UnrelatedRow("a tube of toothpaste", 0.5, 0.25)),
    above=about(0.5),
    present=about(0.125),
    side=SideFigures(9, about(0.75), about(0.25), about(0.5), about(0.875)),
)
NO_SLOPE = Interval(float("nan"), float("nan"), float("nan"))
JUDGED = LabelRow(
    "Mass",
    8,
    40,
    about(0.75),
    about(0.875),
    about(0.5),
    about(0.875),
    Reliability(about(0.125), about(0.125), NO_SLOPE),
)
REPORT = Report(
    bundle_id="x",
    protocol="afloc",
    rows=(row("Mass", 0.5),),
    macro=row("macro-1", 0.5),
    baselines=(Baseline("centre prior", (row("Mass", 0.25),), row("macro-1", 0.25), None),),
    labels=(LabelRow("Mass", 8, 40, Interval(0.75, 0.5, 1.0), None),),
    labels_macro=None,
    not_asked=(),
)
RECIPE = load_recipe(None)
TRAINING = Training(real_films=11, painted_films=22, held_out_films=3, fit=RECIPE.fit)


def manifest():
    unset = bundle_files.Thresholds({term.id: 0.0 for term in FINDINGS}, 0.0)
    return bundle_files.manifest(RECIPE, unset, ())


def test_the_model_stands_beside_its_baselines():
    lines = localization_table(REPORT)
    assert lines[2].startswith("| macro-1 | 4 | 0.500 [0.375, 0.625] |")
    assert lines[3].endswith("| 0.25 / 0.25 / 0.25 |")
    assert presence_table(REPORT)[2] == "| Mass | 8 | 0.750 [0.500, 1.000] |  |  |  |"


def test_every_figure_of_the_manifest_has_its_interval_cases_and_data():
    found = {figure.name: figure for figure in figures(REPORT)}
    assert set(found) == {
        *(f"{who} {what}" for who in ("macro-1", "Mass") for what in ("pointing", "iou", "cnr")),
        *(f"centre prior macro-1 {what}" for what in ("pointing", "iou", "cnr")),
        "Mass AUROC",
    }
    mass = found["Mass pointing"]
    assert (mass.value, mass.low, mass.high, mass.cases) == (0.5, 0.375, 0.625, 4)
    assert "dev" in mass.data


def test_words_and_probabilities_are_measured_in_the_card_and_the_manifest():
    report = dataclasses.replace(REPORT, labels=(JUDGED,), words=WORDS)
    text = card(manifest(), TRAINING, (), report)
    for said in (
        "| Mass | 8 | 0.750 [0.625, 0.875] | 0.875 [0.750, 1.000] | 0.500 [0.375, 0.625] |",
        "calibration slope",
        'Those that still are: "a tube of toothpaste".',
        "50.0% of the phrasings",
        "9 findings with boxes on one side: pointing 0.750 [0.625, 0.875]",
        "| Mass | 0.750 [0.625, 0.875] |",
    ):
        assert said in text
    found = {figure.name: figure.value for figure in figures(report)}
    assert found["unrelated texts called present"] == 0.125
    assert found["pointing, correct less wrong side"] == 0.5
    assert found["Mass specificity on No Finding"] == 0.875
    # What could not be computed is no number of the manifest.
    assert "Mass calibration slope" not in found


def test_the_card_says_what_it_is_what_was_measured_and_what_it_cannot_do():
    thresholds = [Threshold("mass", 0.3, 9, 0.5, 0.75, Calibration(8.0, -2.0, 0.2))]
    text = card(manifest(), TRAINING, thresholds, REPORT)
    for said in (
        "Research use only",
        "synthetic-lesion supervised",
        "templated",
        "NIH Clinical Center",
        "11 labelled films",
        "22 synthetic films",
        "| mass | 0.300 | 9 | 0.50 | 0.75 | 0.20 |",
        "Mean held-out AUROC of the findings with eight positives or more: 0.750.",
        "small nodules",
        "pneumothoraces",
        "Negations",
        "children",
    ):
        assert said in text


def test_films_with_a_text_are_named_with_their_licence_and_attribution():
    sources = (Source("atlas", "CC BY 4.0", 6, ("https://atlas.org/1", "https://atlas.org/2")),)
    told = dataclasses.replace(TRAINING, sources=sources, telling_films=4, own_sentences=5)
    text = card(manifest(), told)
    assert "6 films with a text of their own" in text
    assert "4 of them state a finding" in text
    assert "6 of atlas, CC BY 4.0: <https://atlas.org/1>, <https://atlas.org/2>" in text
    assert "no report was" not in text
    assert "no report was" in card(manifest(), TRAINING)


def test_a_card_without_figures_claims_none():
    text = card(manifest(), TRAINING)
    assert "What was measured" not in text
    assert "Thresholds" not in text
