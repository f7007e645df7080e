"""The walk that the pictures of the radiologist's guide are taken on, each step with its checks."""

import re
from pathlib import Path

import pytest
import tour

from afloc_desktop.state.paths import Paths

GUIDE = Path(__file__).parents[2] / "resources/docs/radiologist-guide.md"
PICTURES = [
    "asking", "all-found", "report", "redraw", "comparison", "measuring", "side-by-side", "gate",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_step_of_the_tour_shows_what_it_should(qtbot, tmp_path):
    seen = []

    def show(name, widget):
        picture = widget.grab()
        assert min(picture.width(), picture.height()) > 200
        seen.append(name)

    walk = tour.Tour(
        Paths.default(), tmp_path, show, lambda until: qtbot.waitUntil(until, timeout=120_000)
    )
    try:
        walk.go()
    finally:
        walk.close()
    assert seen == PICTURES
    shown = re.findall(r"img/guide-([a-z-]+)\.png", GUIDE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(PICTURES)
