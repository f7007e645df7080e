from __future__ import annotations

import json

import numpy as np
import pytest
from afloc_training.site.planes import MANIFEST, PLANES
from afloc_training.site.store import (
    CASES,
    Store,
    StoredCase,
    StoredSentence,
    StoreInfo,
    write_store,
)

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.preprocess import PreprocessSpec

SPEC = PreprocessSpec(1, 4, "letterbox", "area-linear", 0.0, 100.0, "grey", 3, 0.5, 0.25, 1.0)


def stored(plane: int, split: str = "train") -> StoredCase:
    sentences = (StoredSentence("Small effusion.\u2028Ergüsse.", "findings"),)
    return StoredCase(plane, (1, 0, 2, 4), "0" * 64, "p1", "s1", split, "frontal", "F", "40-64",
                      "scanner-1", False, sentences)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    planes = np.zeros((2, 4, 4), np.uint8)
    planes[1, 1:3] = 255
    (tmp_path / PLANES).write_bytes(planes.tobytes())
    info = StoreInfo("tiny", SPEC, "", 2, {"name": 1}, {"encoding": 2}, "0")
    write_store(tmp_path, info, [stored(1), stored(0, "dev")])
    return tmp_path


def test_what_was_written_is_read(folder):
    store = Store(folder)
    assert store.cases == (stored(1), stored(0, "dev"))
    assert store.info.replaced == {"name": 1}
    assert store.of_split("dev") == (1,)


def test_a_batch_is_what_the_network_takes(folder):
    batch = Store(folder).batch([1, 0])
    assert batch.shape == (2, 3, 4, 4)
    assert batch.dtype == np.float32
    # pad 1 becomes (1 - 0.5) / 0.25 = 2 outside the film, 0 becomes -2 and 255 becomes 2 inside
    assert (batch[0, 0, 0] == 2).all()
    assert (batch[0, 0, 1] == -2).all()
    assert (batch[1] == 2).all()


def test_an_unfinished_store_is_none(folder):
    (folder / MANIFEST).unlink()
    with pytest.raises(DatasetError, match="no finished store"):
        Store(folder)


def test_another_version_is_refused(folder):
    found = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**found, "schema": 2}))
    with pytest.raises(DatasetError, match="another version"):
        Store(folder)


@pytest.mark.parametrize(
    "change",
    [{"extra": 1}, {"planes": 99}, {"cases_sha256": "0"}, {"preprocess": {"side": 4}}],
)
def test_a_changed_manifest_is_refused(folder, change):
    found = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**found, **change}))
    with pytest.raises(DatasetError):
        Store(folder)


def test_changed_cases_are_refused(folder):
    data = (folder / CASES).read_bytes()
    (folder / CASES).write_bytes(data.replace(b"effusion", b"infusion"))
    with pytest.raises(DatasetError, match="damaged"):
        Store(folder)


def test_missing_planes_are_refused(folder):
    (folder / PLANES).write_bytes(b"")
    with pytest.raises(DatasetError, match="damaged"):
        Store(folder)


def test_manifests_hold_strict_json_alone(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"planes": 2', '"planes": NaN'))
    with pytest.raises(DatasetError):
        Store(folder)
