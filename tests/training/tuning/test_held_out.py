import numpy as np
import pytest
import tiny_bundle as tiny
from afloc_training.site.planes import PLANES
from afloc_training.site.store import Store, StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.tuning.held_out import (
    held_out,
    partners,
    retrieval_rows,
    site_pictures,
    site_rows,
)

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.localize import Localizer

EACH = 8


def store(folder, split="dev"):
    """Films with a bright spot whose reports state a pneumothorax, and ones without."""
    folder.mkdir()
    planes = np.full((2 * EACH, 96, 96), 20, np.uint8)
    planes[:EACH, 30:60, 30:60] = 250
    (folder / PLANES).write_bytes(planes.tobytes())
    cases = []
    for n in range(2 * EACH):
        text = "There is a pneumothorax." if n < EACH else "No pneumothorax."
        cases.append(StoredCase(n, (0, 0, 96, 96), f"{n:064d}", f"p{n}", f"s{n}", split, "frontal",
                                "FM"[n % 2], "", "", False,
                                (StoredSentence(text, "findings"),)))  # fmt: skip
    write_store(folder, StoreInfo("tiny", tiny.PREPROCESS, "", 2 * EACH, {}, {}, "0"), cases)
    return Store(folder)


@pytest.fixture
def sides(tiny_bundle):
    """Twice the tiny bundle, its finding of bright spots called a pneumothorax."""
    tiny.name_bright_spot(tiny_bundle, "pneumothorax", "Pneumothorax")
    both = tuple(Localizer.open(tiny_bundle, provider="cpu") for _ in "12")
    return both, tiny_bundle


def test_reports_say_which_films_have_it_and_which_have_not(sides, tmp_path):
    rows = site_rows(sides[0], store(tmp_path / "s"), lambda *_: None)
    assert [(row.label, row.positives, row.films) for row in rows] == [
        ("pneumothorax", EACH, 2 * EACH)
    ]  # too few of each sex to tell them apart
    assert (rows[0].auroc.bundle.value, rows[0].auroc.difference.value) == (1.0, 0.0)


def test_films_and_reports_look_for_each_other():
    films = np.array([[1, 0, 0], [0, 1, 0], [0, 0.9, 1]], np.float32)
    said = [frozenset("a"), frozenset("b"), frozenset("c")]
    of_films, of_reports = partners(films, 3 * np.eye(3, dtype=np.float32), said)
    # Every film is nearest to its own report; the third film is nearest to the third report.
    assert of_films.tolist() == [1, 1, 1]
    assert of_reports.tolist() == [1, 1, 1]
    of_films, _ = partners(films, np.eye(3, dtype=np.float32)[[1, 0, 2]], said)
    assert of_films.tolist() == [3, 3, 1]  # nearest to each other's reports, ties count against
    of_films, _ = partners(
        films,
        np.eye(3, dtype=np.float32)[[1, 0, 2]],
        [frozenset("ab"), frozenset("ab"), frozenset("c")],
    )
    assert of_films[0] == 1  # both reports say the same


def test_a_bundle_without_a_vector_of_the_whole_film_looks_for_nothing(sides, tmp_path):
    assert retrieval_rows((sides[1], sides[1]), store(tmp_path / "s")) == ()


def test_two_films_a_finding_are_drawn_with_both_maps(sides, tmp_path):
    ((_, drawn),) = site_pictures(sides[0], store(tmp_path / "s"))
    assert [case.label for case in drawn] == ["Pneumothorax"] * 2
    assert drawn[0].base == drawn[0].bundle != drawn[0].film


def test_a_store_without_held_out_films_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="kept from training"):
        held_out(store(tmp_path / "s", split="train"))
