import numpy as np
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey, Prompt, Provenance
from afloc_desktop.core.export.overlay import (
    LONGEST,
    draw_film,
    draw_finding,
    draw_page,
    to_png,
)
from afloc_desktop.core.findings import propose
from afloc_desktop.core.understanding import Question

PROMPT = Prompt("bright", "typed")
BAR = 34


def answer(values):
    key = IdentityKey("1", 1, "p", "b", "f", "bright")
    heatmap = Heatmap(np.asarray(values, np.float32), (1.0, 1.0), PROMPT, "tiny", key, ())
    question = Question(PROMPT, "x", "Bright", 0.5, 1.0, None, None, (), ())
    who = Provenance("tiny", "b", "f", "0", "cpu", "now")
    return heatmap, propose(heatmap, question, spacing=None, provenance=who)


def test_films_larger_than_a_screen_are_drawn_smaller():
    assert draw_film(np.zeros((3000, 2000), np.uint8)).size == (round(LONGEST * 2 / 3), LONGEST)
    assert draw_film(np.zeros((30, 20), np.uint8)).size == (20, 30)


@pytest.mark.parametrize(("aspect", "size"), [(2.0, (80, 240)), (0.5, (160, 120))])
def test_pixels_that_are_not_square_are_made_square(aspect, size):
    assert draw_film(np.zeros((120, 80), np.uint8), aspect).size == size
    heatmap, finding = answer(np.pad(np.ones((40, 40)), ((0, 80), (0, 40))))
    drawn = np.asarray(
        draw_finding(np.zeros((120, 80), np.uint8), heatmap, finding, "", pixel_aspect=aspect)
    )[BAR:-BAR]
    lit = drawn.max(axis=2) > 0
    # A third of the rows and half of the columns, whatever the shape of a pixel.
    assert abs(lit.any(axis=1).mean() - 1 / 3) < 0.03
    assert abs(lit.any(axis=0).mean() - 1 / 2) < 0.03


def test_a_film_in_colour_keeps_its_colours():
    colour = np.zeros((40, 30, 3), np.uint8)
    colour[..., 1] = 200
    assert np.asarray(draw_film(colour))[20, 20].tolist() == [0, 200, 0]


def test_only_what_reaches_the_threshold_is_coloured():
    values = np.zeros((60, 60))
    values[:30] = 0.9
    picture = draw_finding(np.full((60, 60), 100, np.uint8), *answer(values), "Bright")
    film = np.asarray(picture)[BAR : BAR + 60]
    assert (film[50, 30] == 100).all()
    assert not (film[10, 30] == film[10, 30, 0]).all()


def test_a_finding_below_its_threshold_leaves_the_film_grey():
    picture = draw_finding(np.full((60, 60), 100, np.uint8), *answer(np.zeros((60, 60))), "Bright")
    assert (np.asarray(picture)[BAR : BAR + 60] == 100).all()


def test_every_picture_carries_the_research_banner():
    picture = draw_finding(np.zeros((300, 300), np.uint8), *answer(np.zeros((300, 300))), "Bright")
    foot = np.asarray(picture)[BAR + 300 :]
    assert (foot.max(axis=2) > 150).sum() > 200


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_page_holds_all_pictures(count):
    film = draw_film(np.zeros((100, 90), np.uint8))
    page = draw_page("Study", [film] * count, columns=2)
    assert page.width == min(2, count) * 496 + 16
    assert to_png(page).startswith(b"\x89PNG")
