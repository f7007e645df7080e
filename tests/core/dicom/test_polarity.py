import csv

import numpy as np
import pytest
from PIL import Image as Picture

from afloc_desktop.core.dicom.polarity import looks_inverted


def chest(rows=300, columns=260):
    """Dark background and lungs, bright mediastinum and soft tissue."""
    film = np.full((rows, columns), 600, np.float32)
    film[: rows // 8] = 50
    for left in (0.12, 0.58):
        film[
            int(0.2 * rows) : int(0.7 * rows), int(left * columns) : int((left + 0.3) * columns)
        ] = 200
    return film


@pytest.mark.parametrize("size", [(300, 260), (3000, 2500), (64, 64)])
def test_a_chest_and_its_negative_are_told_apart(size):
    film = chest(*size)
    assert not looks_inverted(film)
    assert looks_inverted(-film)


def test_the_unit_of_the_values_does_not_matter():
    assert not looks_inverted(chest() * 1000 - 50_000)
    assert looks_inverted(chest() * -0.001 + 3)


@pytest.mark.parametrize("film", [np.zeros((100, 100)), chest(50, 50) * -1, np.ones((1, 4000))])
def test_what_is_blank_or_tiny_is_not_judged(film):
    assert not looks_inverted(film.astype(np.float32))


@pytest.mark.shared
def test_no_false_alarm_on_real_frontal_films_and_most_negatives_found(shared):
    with open(shared / "data" / "cxr" / "nih.csv", newline="") as table:
        rows = list(csv.DictReader(table))[::10]
    folder = shared / "data" / "cxr" / "images"
    films = [
        np.asarray(Picture.open(folder / row["image"]).convert("L"), np.float32) for row in rows
    ]
    assert sum(looks_inverted(film) for film in films) == 0
    assert sum(looks_inverted(-film) for film in films) >= 0.95 * len(films)
