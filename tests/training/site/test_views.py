from __future__ import annotations

import pytest
from afloc_training.site.views import find_view


@pytest.mark.parametrize(
    ("position", "words", "orientation", "view"),
    [
        ("PA", "", "", "frontal"),
        ("AP Supine", "", "", "frontal"),
        ("LL", "", "", "lateral"),
        ("L", "", "", "lateral"),
        ("", "Thorax p.a.", "", "frontal"),
        ("", "CHEST LAT", "", "lateral"),
        ("", "Chest PA and lateral", "", "unknown"),
        ("", "Chest PA and lateral", "L\\F", "frontal"),
        ("", "", "A\\F", "lateral"),
        ("?", "plate of the apex", "", "unknown"),
    ],
)
def test_films_are_sorted_into_frontal_and_lateral(position, words, orientation, view):
    assert find_view(position, words, orientation) == view
