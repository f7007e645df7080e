"""The calibrated mode of an import, beside a second writing of it in double precision."""

import dataclasses
import json

import afloc_reference as reference
import numpy as np
import pytest
import torch
from afloc_sites import SMALL, trained, vocabulary
from afloc_training.afloc import calibrated, importing, terms
from afloc_training.afloc.calibrated import scaled
from afloc_training.afloc.importing import ImportPlan, import_checkpoint
from phantom_files import write_film
from torch.nn import functional

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.localize import Localizer

FILMS = 6
ASKED = ("pleural_effusion", "pneumonia", "nodule", "mass", "scoliosis")
SUBJECTS = tuple(subject for subject in terms.SUBJECTS["cxr"] if subject.id in ASKED)


def film(number):
    """Blurred shapes of 256 levels, as large as the network's input."""
    random = np.random.default_rng(number)
    small = torch.from_numpy(random.uniform(0, 255, (1, 1, 9, 9)))
    large = functional.interpolate(small, (224, 224), mode="bilinear")[0, 0]
    return np.rint(large.numpy()).astype(np.uint8)


@pytest.fixture(scope="module")
def state():
    return trained(SMALL)


@pytest.fixture(scope="module")
def plan(tmp_path_factory, state):
    """A checkpoint, its vocabulary and the site's films."""
    folder = tmp_path_factory.mktemp("site")
    torch.save({"state_dict": state}, folder / "site.ckpt")
    pieces = "\n".join(vocabulary(SMALL.text.vocabulary))
    (folder / "vocab.txt").write_text(pieces, encoding="utf-8")
    for number in range(FILMS):
        write_film(folder / "films" / f"{number}.dcm", film(number))
    made = ImportPlan(folder / "site.ckpt", folder / "vocab.txt", "cxr")
    return dataclasses.replace(made, mode="calibrated", calibration=folder / "films")


@pytest.fixture(scope="module")
def imported(plan, tmp_path_factory):
    output = tmp_path_factory.mktemp("bundles") / "imported"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrated, "FEWEST_FILMS", FILMS)
        patch.setattr(importing, "SUBJECTS", {"cxr": SUBJECTS})  # each has ten phrasings and more
        patch.setattr(importing, "add_eight_bits", lambda *given: "not tried")
        return output, import_checkpoint(plan, output, SMALL)


@pytest.fixture(scope="module")
def localizer(imported):
    return Localizer.open(imported[0], provider="cpu")


def finding_vectors(plain):
    """By finding: the unit mean of its phrasings' unit vectors, less the mean over all findings."""
    index = {piece: n for n, piece in enumerate(vocabulary(SMALL.text.vocabulary))}

    def unit_text(sentence):
        cut = reference.word_pieces(sentence, index)
        ids = torch.tensor([index[piece] for piece in cut])
        vector = reference.text_vector(plain, ids, cut, SMALL.text.heads)
        return vector / vector.norm()

    found = {}
    for subject in SUBJECTS:
        mean = torch.stack([unit_text(text) for text in subject.phrasings]).mean(0)
        found[subject.id] = mean / mean.norm()
    middle = torch.stack(list(found.values())).mean(0)
    return {name: vector - middle for name, vector in found.items()}


def test_maps_are_cosines_less_the_mean_map_smoothed_by_the_findings_own_width(
    localizer, state, make_image
):
    plain = {name.removeprefix("afloc."): tensor.double() for name, tensor in state.items()}
    with torch.inference_mode():
        vectors = finding_vectors(plain)
        planes = reference.normalised(film(99)).double()
        deep, *_ = reference.image_vectors(plain, planes, SMALL.vision.net_side)
        deep = functional.normalize(deep, dim=0)
        image = make_image(film(99))
        # A nodule is smoothed by 0.6 cells of 24, an effusion by 2; this network has 19.
        for name, sigma in (("nodule", 0.475), ("pleural_effusion", 19 / 12), ("scoliosis", 1.5)):
            wanted = reference.heat(deep, vectors[name], sigma)
            found = localizer.localize(image, Prompt(name, "preset")).similarity
            assert np.abs(found - wanted).max() <= min(2e-7, 1e-3 * np.ptp(wanted))


def test_most_films_of_the_site_stay_below_a_threshold(localizer, make_image):
    films = [make_image(film(number)) for number in range(FILMS)]
    highest = [
        [m.similarity.max() for m in localizer.localize_all(image, ["mass", "nodule"]).values()]
        for image in films
    ]
    own = {finding.id: finding.threshold for finding in localizer.manifest.findings}
    expected = np.percentile(highest, 85, axis=0)
    assert [own["mass"], own["nodule"]] == pytest.approx(expected, abs=1e-6)
    assert min(own.values()) < localizer.manifest.heatmap.threshold < max(own.values())


def test_a_named_side_is_enforced_and_a_synonym_asked_as_its_finding(localizer, make_image):
    image = make_image(film(7))
    one, other = (
        localizer.localize(image, Prompt(f"{side} effusion", "typed")).similarity
        for side in ("right", "left")
    )
    plain = localizer.localize(image, Prompt("effusion", "typed")).similarity
    listed = localizer.localize(image, Prompt("pleural_effusion", "preset")).similarity
    assert np.array_equal(plain, listed)
    penalty = localizer.manifest.heatmap.side_penalty
    assert penalty > 0
    # The right of a patient is on the left of the film.
    assert (plain - one)[:, -20:] == pytest.approx(penalty, rel=0.01)
    assert (plain - other)[:, :20] == pytest.approx(penalty, rel=0.01)


def test_the_card_says_that_these_are_not_the_authors_maps(imported):
    output, told = imported
    assert told.id.startswith("afloc-cxr-calibrated-")  # beside the exact one, not in its place
    card = (output / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "not AFLoc's own maps" in " ".join(card.split())
    assert "less the mean of it over all findings" in " ".join(card.split())
    assert told.thresholds.startswith("thresholds: on 6 films of the site, 85 %")
    assert f"- T{told.thresholds[1:]}" in card
    assert json.loads((output / "bundle.json").read_text())["heatmap"]["mean_map"] == 1


def test_a_scale_needs_films_enough(plan, imported, localizer, tmp_path, make_image):
    with pytest.raises(DatasetError, match="got none"):
        import_checkpoint(dataclasses.replace(plan, calibration=None), tmp_path / "out", SMALL)
    with pytest.raises(DatasetError, match="2 films are too few"):
        scaled(imported[0], localizer.manifest, (make_image(film(n)) for n in range(2)))
    assert list(tmp_path.iterdir()) == []
