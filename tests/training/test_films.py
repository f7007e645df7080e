from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from afloc_training.films import FilmRow, hold_out, may_ship, network_input, read_rows
from afloc_training.recipe import load_recipe

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.preprocess import prepare

COLUMNS = ("image", "patient_id", "split", "labels", "low_res", "license")
NIH = "NIH ChestX-ray14: no restrictions on use"


def write_table(path: Path, rows) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("licence", [NIH, "CC0", "CC BY", "CC BY 4.0", "CC BY 3.0"])
def test_free_licences_may_ship(licence):
    assert may_ship(licence)


@pytest.mark.parametrize("licence", ["CC BY-NC-SA", "CC BY-SA", "CC BY-NC 4.0", "", "unknown"])
def test_other_licences_may_not_ship(licence):
    assert not may_ship(licence)


def test_rows_of_a_split_are_read_with_their_findings(tmp_path):
    table = write_table(
        tmp_path / "nih.csv",
        [
            ("a.jpg", "p1", "train", "Effusion;Mass", "0", NIH),
            ("b.jpg", "p2", "train", "No Finding", "1", NIH),
            ("c.jpg", "p3", "dev", "Mass", "0", NIH),
            ("d.jpg", "p4", "train", "Mass", "0", "CC BY-NC-SA"),
        ],
    )
    first, second = read_rows(table, tmp_path, "train")
    assert first.labels == {"pleural_effusion", "mass"}
    assert first.path == tmp_path / "a.jpg"
    assert not first.is_normal
    assert second.is_normal
    assert second.is_low_resolution


@pytest.mark.parametrize("labels", ["Gout", "", "Mass;"])
def test_a_label_that_is_not_known_is_refused(tmp_path, labels):
    table = write_table(tmp_path / "nih.csv", [("a.jpg", "p1", "train", labels, "0", NIH)])
    with pytest.raises(DatasetError):
        read_rows(table, tmp_path, "train")


def test_a_table_without_usable_rows_is_refused(tmp_path):
    table = write_table(tmp_path / "nih.csv", [("a.jpg", "p1", "dev", "Mass", "0", NIH)])
    with pytest.raises(DatasetError):
        read_rows(table, tmp_path, "train")


def test_no_patient_is_both_kept_and_held_out():
    rows = [
        FilmRow(Path(f"{n}.jpg"), f"p{n % 20}", frozenset(), is_low_resolution=False)
        for n in range(100)
    ]
    kept, held = hold_out(rows, 0.15, 7)
    assert {row.patient_id for row in kept}.isdisjoint(row.patient_id for row in held)
    assert len({row.patient_id for row in held}) == 3
    assert len(kept) + len(held) == 100
    assert hold_out(rows, 0.15, 7) == (kept, held)


@pytest.mark.parametrize(
    "pixels",
    [
        np.arange(301 * 17).reshape(301, 17) % 256,
        np.random.default_rng(0).integers(0, 4096, (500, 333)),
        np.random.default_rng(1).integers(0, 65536, (64, 700)),
        np.random.default_rng(2).integers(-1024, 3000, (129, 130)),
        np.full((40, 50), 7),
        np.arange(900).reshape(1, 900),
        -np.random.default_rng(3).integers(0, 4096, (200, 210)),
    ],
    ids=["odd", "12 bit", "16 bit", "signed", "blank", "one row", "negated MONOCHROME1"],
)
@pytest.mark.parametrize("has_padding", [False, True])
def test_training_sees_exactly_the_tensor_the_desktop_sees(make_image, pixels, has_padding):
    spec = load_recipe(None).preprocess
    padding = np.zeros(pixels.shape, bool)
    padding[:, : pixels.shape[1] // 4] = True
    image = make_image(pixels, padding=padding if has_padding else None, pixel_aspect=1.25)
    desktop = prepare(image.pixels, spec, padding=image.padding, pixel_aspect=1.25).tensor
    trained_on = network_input(image, spec)
    assert trained_on.shape == (1, 1, 384, 384)
    assert np.array_equal(trained_on, desktop)
    assert np.isfinite(trained_on).all()


def test_no_row_of_the_shared_table_straddles_the_split(shared):
    folder = shared / "data" / "cxr"
    train = read_rows(folder / "nih.csv", folder / "images", "train")
    dev = read_rows(folder / "nih.csv", folder / "images", "dev")
    assert len(train) > 1000
    assert {r.patient_id for r in train}.isdisjoint(r.patient_id for r in dev)
