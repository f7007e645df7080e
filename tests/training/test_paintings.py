from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from afloc_training import paintings
from afloc_training.cli import main
from afloc_training.facts import Fact
from afloc_training.paintings import PAGE, SHEET, Painting, contact_sheet, triptych, true_sentence
from afloc_training.recipe import load_recipe
from afloc_training.sentences import sentence_bank
from afloc_training.synthesis import PAINTABLE


@pytest.fixture(scope="module")
def bank():
    return sentence_bank(np.random.default_rng(0))


@pytest.fixture
def site(tmp_path, drawn_film):
    """A data folder of one normal film with clear lungs."""
    (tmp_path / "cxr" / "images").mkdir(parents=True)
    grey = np.rint(drawn_film * 255).astype(np.uint8)
    PIL.Image.fromarray(grey).save(tmp_path / "cxr" / "images" / "a.png")
    (tmp_path / "cxr" / "nih.csv").write_text(
        "image,patient_id,split,labels,low_res,license\n"
        "a.png,1,train,No Finding,0,CC0\nb.png,2,dev,No Finding,0,CC0\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Fact("nodule", side="left", zone="upper"), ("left",)),
        (Fact("pleural_effusion", side="bilateral"), ("ilateral|oth",)),
        (Fact("support_devices", device="endotracheal"), ()),
        (Fact("cardiomegaly"), ()),
    ],
)
def test_the_sentence_says_of_a_lesion_what_holds_and_no_less_than_it_can(bank, fact, words):
    rng = np.random.default_rng(1)
    for _ in range(20):
        said = true_sentence(rng, bank, fact)
        claims = [sentence.claim for sentence in bank if sentence.text == said]
        assert any(claim.finding == fact.finding for claim in claims)
        for word in words:
            assert any(part in said.lower() for part in word.split("|"))


def test_the_picture_shows_lungs_before_and_outline_after(drawn_lungs, drawn_film):
    mask = np.zeros(drawn_film.shape, bool)
    mask[100:110, 90:100] = True
    picture = triptych(Painting("mass", "A mass.", drawn_film, drawn_film, mask, drawn_lungs))
    assert picture.shape == (384, 3 * 384, 3)
    ground, clean, outlined = np.split(picture, 3, axis=1)
    assert tuple(outlined[100, 95]) == (255, 214, 10)
    assert tuple(outlined[105, 95]) == tuple(clean[105, 95])
    blue = (ground != clean).any(2)
    assert (drawn_lungs.right | drawn_lungs.left)[blue].all()
    assert blue.sum() > 500
    sheet = contact_sheet([Painting("mass", "A mass.", drawn_film, drawn_film, mask, drawn_lungs)])
    assert sheet.size == (2 * 3 * 256, 256 + 14)


def test_every_finding_is_on_the_page(site, capsys, monkeypatch):
    monkeypatch.setattr(paintings, "_EXAMPLES", 1)
    assert main(["paintings", "--data", str(site), "--output", str(site / "out")]) == 0
    shown = (site / "out" / PAGE).read_text(encoding="utf-8")
    for finding in PAINTABLE:
        assert f"<h2>{finding.replace('_', ' ')}</h2>" in shown
    assert 'src="http' not in shown
    with PIL.Image.open(site / "out" / SHEET) as sheet:
        assert sheet.size[0] == 2 * 3 * 256
    assert "painted lesions" in capsys.readouterr().err


def test_the_same_seed_paints_the_same(site):
    rows = paintings.read_rows(site / "cxr" / "nih.csv", site / "cxr" / "images", "train")
    spec = load_recipe(None).preprocess
    first, second = (list(paintings.paint_examples(rows, spec, 3, 1)) for _ in range(2))
    assert [p.sentence for p in first] == [p.sentence for p in second]
    assert all(np.array_equal(a.film, b.film) for a, b in zip(first, second, strict=True))
