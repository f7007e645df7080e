import csv
from dataclasses import dataclass

import numpy as np
import PIL.Image
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.evaluate import evaluate
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.regions import NO_FINDING, Labelled, read_cases
from afloc_desktop.core.understanding import TEXT


@dataclass
class Known:
    """Enough of a question."""

    finding_id: str
    threshold: float = 0.5
    gain: float | None = None
    bias: float | None = None


class FakeLocalizer:
    """Answers every finding with the film itself, scaled to [0, 1]; knows all but zebras."""

    class manifest:  # noqa: N801
        id = "fake"
        preprocess = PreprocessSpec(
            1, 64, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0
        )

    def __init__(self):
        self.asked = []

    def understand(self, words):
        return Known(TEXT if "zebra" in words.lower() else words)

    def localize(self, film, prompt):
        self.asked.append(prompt.words)
        key = IdentityKey("", 1, film.pixel_sha256, "", "", prompt.words)
        return Heatmap(film.pixels / 255, (1.0, 1.0), prompt, "fake", key, ())


@pytest.fixture
def folder(tmp_path):
    """Films whose brightest square is their finding; the last has its box elsewhere."""
    lines = []
    for index in range(10):
        film = np.zeros((224, 224), np.uint8)
        film[80:120, 60:100] = 200 - index
        PIL.Image.fromarray(film).save(tmp_path / f"{index}.png")
        x = 60 if index < 9 else 150
        lines.append([f"{index}.png", "Mass", x / 224, 80 / 224, 40 / 224, 40 / 224, ""])
    for index in range(10, 20):
        film = np.full((224, 224), index, np.uint8)
        PIL.Image.fromarray(film).save(tmp_path / f"{index}.png")
    write(tmp_path / "regions.csv", ["image", "label", "x", "y", "w", "h", "mask"], lines)
    return tmp_path


def write(path, header, lines):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *lines])
    return path


def run(folder, labels=None, **options):
    cases = read_cases(folder / "regions.csv", None)
    return evaluate(FakeLocalizer(), cases, images=folder, labels=labels or {}, **options)


def test_pointing_counts_the_films_whose_brightest_place_is_in_the_box(folder):
    (row,) = run(folder).rows
    assert (row.label, row.cases) == ("Mass", 10)
    assert row.pointing.value == 0.9
    assert row.iou.value == pytest.approx(0.9, abs=0.02)


def test_the_baselines_are_scored_on_the_same_cases(folder):
    report = run(folder)
    names = [baseline.name for baseline in report.baselines]
    assert names == ["centre prior", "mean region", "random weights"]
    for baseline in report.baselines:
        assert baseline.rows[0].cases == 10
        assert baseline.macro.label == report.macro.label == "macro-1"
    centre, mean, random = (baseline.rows[0] for baseline in report.baselines)
    assert centre.pointing.value == 0
    # Nine boxes lie in one place and the tenth elsewhere; nobody's own box is in their prior.
    assert mean.pointing.value == 0.9
    assert random.cnr.value < report.rows[0].cnr.value


def test_lesions_are_rated_against_the_highest_mark_on_normal_films(folder):
    labels = {
        f"{i}.png": Labelled(frozenset({"Mass"} if i < 10 else {NO_FINDING}), str(i))
        for i in range(20)
    }
    (row,) = run(folder, labels).rows
    # Nine lesions are marked above every normal film; the tenth box is flat: no mark exceeds 0.
    assert row.jafroc.value == pytest.approx(0.9)
    assert run(folder).rows[0].jafroc is None


def test_labels_are_separated_by_the_highest_similarity(folder):
    labels = {
        f"{i}.png": Labelled(frozenset({"Mass"} if i < 10 else {NO_FINDING}), str(i))
        for i in range(20)
    }
    (row,) = run(folder, labels).labels
    assert (row.positives, row.films) == (10, 20)
    assert row.against_others.value == row.against_no_finding.value == 1.0


def test_a_label_with_too_few_films_gets_no_figure(folder):
    labels = {
        "0.png": Labelled(frozenset({"Mass"}), "0"),
        "10.png": Labelled(frozenset({NO_FINDING}), "10"),
    }
    assert run(folder, labels).labels == ()


def test_labels_the_bundle_does_not_list_are_named(folder):
    labels = {"0.png": Labelled(frozenset({"Zebra"}), "0")}
    assert run(folder, labels).not_asked == ("Zebra",)


def test_rsna_opacities_are_asked_as_pneumonia(folder):
    lines = [["0.png", "Lung Opacity (RSNA pneumonia)", 0.1, 0.1, 0.2, 0.2, ""]]
    write(folder / "regions.csv", ["image", "label", "x", "y", "w", "h", "mask"], lines)
    localizer = FakeLocalizer()
    evaluate(localizer, read_cases(folder / "regions.csv", None), images=folder, labels={})
    assert localizer.asked == ["pneumonia"]


def test_the_other_protocol_cuts_where_other_patients_maps_are_best(folder):
    (row,) = run(folder, protocol="cheXlocalize").rows
    assert row.iou.value == pytest.approx(0.9)


def test_the_other_protocol_leaves_out_films_on_which_nothing_is_proposed(folder):
    """A dim square reaches no threshold: its overlap does not count, its pointing does."""
    film = np.zeros((224, 224), np.uint8)
    film[80:120, 60:100] = 90
    PIL.Image.fromarray(film).save(folder / "9.png")
    (row,) = run(folder, protocol="cheXlocalize").rows
    assert row.iou.value == pytest.approx(1.0)
    assert row.pointing.value == 0.9


def test_a_mask_file_is_a_region_too(folder):
    mask = np.zeros((224, 224), np.uint8)
    mask[80:120, 60:100] = 255
    (folder / "masks").mkdir()
    PIL.Image.fromarray(mask).save(folder / "masks" / "m.png")
    lines = [["0.png", "Mass", "", "", "", "", "masks/m.png"]]
    write(folder / "regions.csv", ["image", "label", "x", "y", "w", "h", "mask"], lines)
    (row,) = run(folder).rows
    assert (row.pointing.value, row.iou.value) == (1, 1)


def test_an_absent_picture_is_named(folder):
    (folder / "4.png").unlink()
    with pytest.raises(UnreadableFile, match=r"4\.png"):
        run(folder)
