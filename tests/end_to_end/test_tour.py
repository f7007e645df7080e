"""The walk that the pictures of the radiologist's guide are taken on, each step with its checks."""

import pytest
import tour

from afloc_desktop.state.paths import Paths

PICTURES = [
    "window", "asking", "all-found", "report", "accepted", "redraw", "comparison", "measuring",
    "side-by-side", "gate",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(240)
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
