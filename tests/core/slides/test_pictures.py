from dataclasses import replace

import numpy as np
import pytest
from painted_slide import PaintedSlide, glass, make_for_slides, stain

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.selection import FilmResults, check_belongs
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.slides import pictures
from afloc_desktop.core.slides.answers import Evidence
from afloc_desktop.core.slides.pictures import draw_evidence, draw_view, in_view, seen_from_above
from afloc_desktop.core.slides.runs import SlideRun

# The tiny network sees 110 of these pixels: windows of 96, and 7 around.
UM = 0.5 * 96 / 110


@pytest.fixture
def looked(tiny_bundle, tmp_path):
    """A finished run over windows of grey tissue with a bright spot, 24 pixels across."""
    pixels = glass(480, 960)
    stain(pixels, 96, 96, 480, 96, level=100)
    stain(pixels, 336, 120, 24, 24, level=230)
    localizer = Localizer.open(make_for_slides(tiny_bundle), provider="cpu")
    begun = []

    def look(**options):
        run = SlideRun(PaintedSlide(pixels, um=UM), localizer, tmp_path / "slides", **options)
        begun.append(run)
        while not run.is_finished:
            run.step()
        return run, run.ask([Prompt("bright", "typed")])[0]

    yield look
    for run in begun:
        run.close()


@pytest.mark.parametrize("longest", [1536, 480])
@pytest.mark.parametrize("region", [None, Box(200, 100, 400, 110)])
def test_in_the_picture_an_answer_is_where_it_is_on_the_slide(looked, monkeypatch, longest, region):
    monkeypatch.setattr(pictures, "LONGEST", longest)
    run, answer = looked(region=region)
    view = seen_from_above(run.slide, run.plan)
    shown = in_view(answer, view, run.plan)
    x, y = (int(v) for v in shown.finding.peak)
    assert view.pixels[y, x] > 200
    assert (view.pixels > 200).sum() < view.pixels.size
    check_belongs(FilmResults(view, (shown.statement,)))
    rows, columns = shown.heatmap.similarity.shape
    assert (columns * shown.heatmap.scale[0], rows * shown.heatmap.scale[1]) == pytest.approx(
        (view.columns, view.rows)
    )
    assert view.spacing.column_mm * view.columns == pytest.approx(
        (run.plan.box.x1 - run.plan.box.x0) * UM / 1000
    )


@pytest.mark.parametrize("block", [256, 7])
def test_the_picture_does_not_depend_on_how_it_is_read(looked, monkeypatch, block):
    run, _ = looked()
    monkeypatch.setattr(pictures, "LONGEST", 100)
    whole = seen_from_above(run.slide, run.plan).colour
    monkeypatch.setattr(pictures, "_BLOCK", block)
    parts = seen_from_above(run.slide, run.plan).colour
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_a_large_slide_is_read_in_small_blocks(monkeypatch):
    slide = PaintedSlide(glass(1000, 1000), downsamples=(1,))
    monkeypatch.setattr(pictures, "_BLOCK", 10)
    sizes = []
    region = slide.region
    monkeypatch.setattr(
        slide, "region", lambda *place: (sizes.append(place[3:]), region(*place))[1]
    )
    pictures._shrunk(slide, Box(0, 0, 1000, 1000), 50, 50)
    assert max(max(size) for size in sizes) <= 10 * 20


def test_the_overlay_colours_the_spot_and_gives_no_verdict(looked, monkeypatch):
    captions = []
    bars = pictures.with_bars
    monkeypatch.setattr(
        pictures, "with_bars", lambda picture, text: (captions.append(text), bars(picture, text))[1]
    )
    run, answer = looked()
    view = seen_from_above(run.slide, run.plan)
    picture = np.asarray(draw_view(view, in_view(answer, view, run.plan), answer.evidence))
    bar = (picture.shape[0] - view.rows) // 2
    plain = picture[bar : bar + view.rows].astype(int) - view.colour
    changed = np.abs(plain).max(axis=-1) > 30
    y, x = np.nonzero(changed)
    assert (x.min() < 348 < x.max(), y.min() < 132 < y.max()) == (True, True)
    assert changed.sum() < 72 * 72
    highest = f"{answer.finding.similarity:.2f}"
    assert captions == [
        f"Bright spot: highest similarity {highest} in 5 windows; coloured from "
        f"{answer.finding.level:.2f}"
    ]


@pytest.mark.parametrize(
    ("spread", "digits"), [(0.4, 2), (3.0, 2), (0.02, 3), (0.0015, 4), (0.0, 6)]
)
def test_numbers_have_the_decimals_that_tell_windows_apart(spread, digits):
    edges = np.array([-0.43, -0.43 + spread])
    assert pictures._digits(Evidence(1, edges, np.array([1]), ())) == digits


def test_the_strongest_places_are_coloured_below_any_threshold(looked):
    run, answer = looked()
    view = seen_from_above(run.slide, run.plan)
    shown = in_view(answer, view, run.plan)
    absent = replace(shown.finding, is_present=False, level=5.0, threshold=5.0, regions=())
    picture = np.asarray(draw_view(view, replace(shown, finding=absent), answer.evidence))
    bar = (picture.shape[0] - view.rows) // 2
    changed = np.abs(picture[bar : bar + view.rows].astype(int) - view.colour).max(axis=-1) > 30
    assert changed[132, 348]
    assert 0 < changed.sum() < 72 * 72


def test_the_page_shows_the_distribution_and_the_strongest_windows(looked):
    run, answer = looked()
    page = np.asarray(draw_evidence(run.slide, answer, "Bright spot", 0))[::4, ::4]
    # A bar of the histogram, and the pink of tissue in the windows beside it.
    assert (page == pictures._BARS).all(axis=-1).any()
    assert (np.abs(page.astype(int) - (120, 86, 120)).max(axis=-1) <= 2).sum() > 4 * 100 * 100


def test_a_page_without_windows_is_only_a_distribution(looked, tmp_path, tiny_bundle):
    run, answer = looked(region=Box(0, 0, 50, 50))
    assert answer.evidence.top == ()
    assert draw_evidence(run.slide, answer, "Bright spot", 0).width > 0
    view = seen_from_above(run.slide, run.plan)
    assert draw_view(view, in_view(answer, view, run.plan), answer.evidence).width > 0
