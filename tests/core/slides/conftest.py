"""Slides made by formula, opened as a listing gives them."""

from pathlib import Path

import pytest
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.slides.opening import open_slide


@pytest.fixture
def opened():
    """Open the only slide in a folder; it is closed after the test."""
    slides = []

    def open_one(folder: Path):
        (series,) = [s for study in scan([folder]).studies for s in study.series if s.is_slide]
        slides.append(open_slide(series.images))
        return slides[-1]

    yield open_one
    for slide in slides:
        slide.close()


@pytest.fixture
def small_slide(tmp_path, opened):
    """A slide of 300 x 200 pixels in tiles of 64, lossless, with levels 1, 2 and 4."""

    def make(**more):
        plan = {"tile": 64, "levels": 3, "syntax": "jpeg2000"}
        make_slide(tmp_path / "slide", 300, 200, **plan | more)
        return opened(tmp_path / "slide")

    return make
