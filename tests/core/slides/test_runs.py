import itertools

import numpy as np
import pytest
from painted_slide import PaintedSlide, glass, make_for_slides, stain

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import Cancelled, UnsupportedImage
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.slides import runs
from afloc_desktop.core.slides.regions import Place, read_window
from afloc_desktop.core.slides.runs import SlideRun, check_model

# The tiny network sees 96 pixels of 0.5 µm, 110 of these: windows of 96 and 7 pixels around.
UM = 0.5 * 96 / 110
BRIGHT, DARK = Prompt("bright", "typed"), Prompt("dark", "typed")


@pytest.fixture
def localizer(tiny_bundle):
    return Localizer.open(make_for_slides(tiny_bundle), provider="cpu")


def spotted():
    """Five windows of grey tissue; in the one at 288, 96 a bright spot, 24 pixels across."""
    pixels = glass(480, 960)
    stain(pixels, 96, 96, 480, 96, level=100)
    stain(pixels, 336, 120, 24, 24, level=230)
    return PaintedSlide(pixels, um=UM)


@pytest.fixture
def begin(localizer, tmp_path):
    """Begin, or go on with, a run over the spotted slide; all are closed after the test."""
    begun = []

    def one(slide=None, **options):
        options.setdefault("folder", tmp_path / "slides")
        begun.append(SlideRun(slide or spotted(), localizer, **options))
        return begun[-1]

    yield one
    for run in begun:
        run.close()


def finish(run):
    while not run.is_finished:
        run.step()
    return run


def maps(run):
    return [answer.map.similarity for answer in run.ask([BRIGHT, DARK])]


@pytest.mark.parametrize(
    ("words", "x"), [("bright spot on the left", 120), ("bright spot on the right side", 552)]
)
def test_a_spot_is_looked_for_in_the_part_that_is_named(begin, words, x):
    pixels = glass(480, 960)
    stain(pixels, 96, 96, 480, 96, level=100)
    for left in (108, 540):
        stain(pixels, left, 120, 24, 24, level=230)
    (found,) = finish(begin(PaintedSlide(pixels, um=UM))).ask([Prompt(words, "typed")])
    assert abs(found.finding.peak.x - x) < 24


def test_a_spot_on_a_slide_is_where_it_was_put(begin):
    run = finish(begin())
    bright, dark = run.ask([BRIGHT, DARK])
    assert run.total == 5
    assert bright.finding.peak == (348, 132)
    # p = 230 / 255 = 0.902 of (p, 1 - p, 0, 0.1), whose length is 0.913; less at its blurred edge.
    assert 0.93 < bright.finding.similarity < 0.989
    assert bright.evidence.top[0].box == Box(288, 96, 384, 192)
    assert bright.evidence.counts.sum() == 5
    assert dark.map.similarity[5, 14] < dark.map.similarity[5, 5]
    # No tissue, no answer.
    assert np.isfinite(bright.map.similarity).sum() == 5 * 16


def test_a_window_answers_as_the_same_picture_does_as_a_film(begin, localizer, make_image):
    run = finish(begin())
    (bright,) = run.ask([BRIGHT])
    pixels = read_window(run.slide, run.plan.tiling, Place(3, 1))
    film = make_image(np.full((96, 96), 100.0), colour=pixels)
    _, vectors = localizer.words_vectors([BRIGHT])
    grid = np.tensordot(vectors[0], localizer.patches(film), axes=1)
    # 24 cells of 4 pixels, less 6 pixels on every side: parts of 21 pixels.
    means = grid.repeat(4, 0).repeat(4, 1)[6:-6, 6:-6].reshape(4, 21, 4, 21).mean((1, 3))
    assert bright.map.similarity[4:8, 12:16] == pytest.approx(means, abs=1e-3)


def test_other_words_are_answered_without_another_look(begin):
    run = finish(begin())
    before = len(run.slide.reads)
    run.ask([BRIGHT])
    run.ask([DARK, Prompt("Dark spot", "preset")])
    assert len(run.slide.reads) == before


@pytest.mark.parametrize("stop_after", [0, 1, 4])
def test_a_run_that_was_stopped_goes_on_to_the_same_answer(begin, tmp_path, stop_after):
    whole = maps(finish(begin(folder=tmp_path / "whole")))
    first = begin()
    for _ in range(stop_after):
        first.step()
    first.close()
    second = begin()
    assert second.done == stop_after
    assert all(map(np.array_equal, maps(finish(second)), whole, [True] * 2))
    names = [next((tmp_path / name).iterdir()) for name in ("whole", "slides")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_cancelling_a_window_loses_that_window_alone(begin):
    run = begin()
    run.step()

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        run.step(check=stop)
    assert run.done == 1
    assert finish(run).done == 5


@pytest.mark.parametrize("after", range(3))
def test_a_run_can_be_cancelled_between_any_two_steps(begin, after):
    run, calls = begin(), itertools.count()

    def stop():
        if next(calls) == after:
            raise Cancelled

    with pytest.raises(Cancelled):
        run.step(check=stop)
    assert run.done == 0
    assert len(maps(finish(run))) == 2


def test_a_region_serves_the_whole_slide_and_the_other_way_round(begin):
    part = finish(begin(region=Box(100, 100, 110, 110)))
    assert (part.total, part.plan.empty) == (1, 0)
    part.close()
    whole = begin()
    assert (whole.done, whole.total) == (1, 5)
    finish(whole).close()
    other = begin(region=Box(300, 100, 310, 110))
    assert other.is_finished
    (bright,) = other.ask([BRIGHT])
    assert bright.finding.peak == (348, 132)
    assert bright.map.similarity.shape == (4, 4)


def test_another_slide_model_or_magnification_starts_anew(begin, localizer, tmp_path, monkeypatch):
    finish(begin()).close()
    other = spotted()
    other.sha256 = "6" * 64
    assert begin(other).done == 0
    assert begin(um=0.25).done == 0
    monkeypatch.setattr(localizer, "bundle_sha256", "c" * 64)
    assert begin().done == 0


def test_a_slide_whose_pixels_changed_behind_its_header_starts_anew(begin):
    finish(begin()).close()
    changed = spotted()
    stain(changed.pixels, 96, 96, 24, 24, level=60)
    assert begin(changed).done == 0


def test_a_run_can_be_told_to_start_anew(begin):
    run = finish(begin())
    run.start_anew()
    assert run.done == 0
    assert finish(run).done == 5


def test_answers_of_a_run_under_way_are_of_what_was_seen(begin):
    run = begin()
    run.step()
    (bright,) = run.ask([BRIGHT])
    assert bright.evidence.looked == 1
    assert np.isfinite(bright.map.similarity).sum() == 16
    assert run.ask([]) == []


def test_an_answer_belongs_to_its_slide_and_model(begin, localizer):
    (bright,) = begin().ask([BRIGHT])
    key = bright.map.key
    assert (key.sop_instance_uid, key.pixel_sha256) == ("1.2.9.1", "5" * 64)
    assert (key.bundle_sha256, key.prompt) == (localizer.bundle_sha256, "bright")


@pytest.mark.parametrize(
    ("modality", "words"), [("cxr", "radiographs"), ("fundus", "photographs of the retina")]
)
def test_a_model_that_was_not_made_for_slides_is_refused(modality, words):
    with pytest.raises(UnsupportedImage, match=words) as caught:
        check_model(modality)
    assert "histopathology" in caught.value.remedy


def test_a_chest_model_looks_at_no_window(tiny_bundle_master, tmp_path):
    chest, slide = Localizer.open(tiny_bundle_master, provider="cpu"), spotted()
    with pytest.raises(UnsupportedImage):
        SlideRun(slide, chest, tmp_path)
    assert not slide.reads


def test_a_step_takes_the_pixels_of_one_window_only(begin):
    run = begin()
    reads = len(run.slide.reads)
    run.step()
    assert len(run.slide.reads) == reads + 1


def test_few_kept_windows_are_looked_at_again_not_all(begin, monkeypatch):
    monkeypatch.setattr(runs, "_COMPARED", 2)
    finish(begin()).close()
    slide = spotted()
    begin(slide)
    finest = [read for read in slide.reads if read[0] == 0]
    assert len(finest) <= 3
