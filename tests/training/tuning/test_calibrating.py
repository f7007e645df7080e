import numpy as np
import pytest
import tiny_bundle as tiny
from afloc_training.site.planes import PLANES
from afloc_training.site.store import Store, StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.tuning.calibrating import calibrate_bundle, film_of

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.model.bundle import load_bundle


def store(folder, denied, stated):
    """Films with a larger and larger spot; reports deny the finding of the smaller ones."""
    folder.mkdir()
    count = denied + stated
    planes = np.zeros((count, 96, 96), np.uint8)
    for n in range(count):
        planes[n, 20 : 24 + n, 20 : 24 + n] = 255
    (folder / PLANES).write_bytes(planes.tobytes())
    cases = []
    for n in range(count):
        text = "No pneumothorax." if n < denied else "There is a pneumothorax."
        said = (StoredSentence(text, "findings"),)
        cases.append(StoredCase(n, (0, 0, 96, 96), f"{n:064d}", f"p{n}", f"s{n}", "dev", "frontal",
                                "", "", "", False, said))  # fmt: skip
    write_store(folder, StoreInfo("tiny", tiny.PREPROCESS, "", count, {}, {}, "0"), cases)
    return Store(folder)


@pytest.fixture
def bundle(tiny_bundle):
    """The tiny bundle, its first finding called a pneumothorax."""
    tiny.name_bright_spot(tiny_bundle, "pneumothorax", "Pneumothorax")
    return tiny_bundle


def test_thresholds_and_probabilities_come_from_what_reports_say(bundle, tmp_path):
    before = load_bundle(bundle)
    done = calibrate_bundle(bundle, store(tmp_path / "s", 20, 16), lambda *_: None)
    after = load_bundle(bundle)
    assert after.sha256 == done.sha256 != before.sha256
    (threshold,) = done.thresholds
    assert (threshold.finding, threshold.positives, threshold.sensitivity) == (
        "pneumothorax", 16, 1.0)  # fmt: skip
    own, other = after.manifest.findings
    assert own.threshold == threshold.value
    assert own.gain > 0
    assert own.prevalence == pytest.approx(16 / 36)
    assert other == before.manifest.findings[1]
    assert done.left == ("dark_spot",)
    card = (bundle / "MODEL_CARD.md").read_text("utf-8")
    assert card.count("## Thresholds") == 1
    assert threshold.auroc > 0.9
    again = calibrate_bundle(bundle, Store(tmp_path / "s"), lambda *_: None)
    assert again.thresholds == done.thresholds
    assert (bundle / "MODEL_CARD.md").read_text("utf-8") == card


def test_too_few_denials_change_nothing(bundle, tmp_path):
    before = load_bundle(bundle).sha256
    with pytest.raises(DatasetError, match="denied by the reports of 20"):
        calibrate_bundle(bundle, store(tmp_path / "s", 19, 16), lambda *_: None)
    assert load_bundle(bundle).sha256 == before


def test_a_film_of_the_store_is_its_part_of_the_plane(tmp_path):
    film = film_of(store(tmp_path / "s", 1, 1), 1)
    assert film.pixels.shape == (96, 96)
    assert film.pixels[24, 24] == 255
    assert film.pixels[25, 25] == 0
