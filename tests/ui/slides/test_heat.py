from dataclasses import replace

import numpy as np
import pytest

from afloc_desktop.core.geometry import Point
from afloc_desktop.state.slide_answers import as_answers
from afloc_desktop.ui.slides.heat import answer_on_slide, widened


@pytest.fixture
def shown(room, canvas, answered, monkeypatch):
    """The slide with its answer, one pixel a pixel, the map's high corner in the middle."""
    monkeypatch.setattr("afloc_desktop.ui.slides.canvas.paint_caption", lambda *parts: None)
    canvas.render_state(room.state, replace(answered, opacity=1.0))
    canvas.one_to_one()
    canvas.scene.centre_on(Point(450, 550))
    canvas.changed()
    room.rest()
    canvas.grab()
    return canvas


def differs(room, shown, seen):
    """Where the canvas shows something else than the slide itself."""
    bare = room.slide.region(0, 250, 400, 400, 300)
    return (seen(shown) != bare).any(axis=-1)


def test_the_map_lies_where_it_was_computed(room, shown, seen):
    coloured = differs(room, shown, seen)[110:, :280]
    # The high pixel covers 400 to 500, 500 to 600 of the slide, 150 to 250 of the screen; it is
    # above the threshold some way into its neighbours, too.
    assert coloured[40:90, 150:250].all()
    assert not coloured[:, :80].any()
    assert not coloured[:, 251:].any()


def test_what_is_at_rest_was_already_there_while_it_moved(room, shown, seen):
    shown.scene.centre_on(Point(440, 540))
    where = (slice(165, 205), slice(215, 255))  # the quarter of the high pixel without neighbours
    moving = seen(shown)[where].astype(int)
    assert shown.scene.is_rough
    assert abs(moving - seen(shown)[where]).max() <= 2
    assert not shown.scene.is_rough


def test_a_line_at_the_threshold_leaves_the_middle_free(room, shown, seen, answered):
    shown.render_state(answered, replace(answered, is_contour=True))
    coloured = differs(room, shown, seen)
    assert coloured[110:, :280].any()
    assert not coloured[190:200, 220:240].any()


@pytest.mark.parametrize(
    "change", [{"is_hidden": True}, {"is_overlay_on": False}, {"slide_runs": {}}, {"prompt": None}]
)
def test_nothing_is_painted_that_is_hidden_or_not_there(room, shown, seen, answered, change):
    shown.render_state(answered, replace(answered, **change))
    assert not differs(room, shown, seen)[110:260, :280].any()


def test_an_answer_of_another_model_or_slide_is_not_painted(answered):
    assert answer_on_slide(answered) is not None
    assert (
        answer_on_slide(replace(answered, model=replace(answered.model, bundle_sha256="x"))) is None
    )
    other = replace(next(iter(answered.slide_runs.values())).answers[answered.prompt].map.key,
                    pixel_sha256="another")  # fmt: skip
    (answer,) = answered.answers.values()
    moved = replace(answer, heatmap=replace(answer.heatmap, key=other))
    assert answer_on_slide(replace(answered, answers={answered.prompt: moved})) is None


def test_what_was_never_looked_at_has_no_colour(room, shown, seen, answered):
    low = replace(answered, thresholds={answered.prompt: 0.0}, opacity=1.0)
    shown.render_state(answered, low)
    shown.scene.centre_on(Point(200, 350))
    shown.changed()
    room.rest()
    shown.grab()
    bare = room.slide.region(0, 0, 200, 400, 300)
    coloured = (seen(shown) != bare).any(axis=-1)
    assert not coloured[5:90, 105:195].any()  # 100 to 200, 200 to 300 of the slide
    assert np.mean(coloured[110:250, 110:280]) > 0.9


def test_a_map_goes_on_for_one_pixel_where_nobody_looked():
    nan = np.nan
    found = widened(np.array([[nan, nan, nan, nan], [nan, 1, nan, nan]], np.float32))
    np.testing.assert_array_equal(found, [[1, 1, 1, nan], [1, 1, 1, nan]])


@pytest.fixture
def broad(answered):
    """Four high map pixels, 300 to 500 and 400 to 600 of the slide: one is but a speck."""
    ((sha256, run),) = answered.slide_runs.items()
    answer = run.answers[answered.prompt]
    similarity = answer.map.similarity.copy()
    similarity[2:, 2:] = 0.8
    laid = replace(answer.map, similarity=similarity)
    run = replace(run, answers={answered.prompt: replace(answer, map=laid)})
    return replace(answered, slide_runs={sha256: run}, answers=as_answers(run.answers, {}))


def test_boxes_stand_around_what_is_found_where_it_is(room, shown, seen, broad):
    shown.render_state(broad, replace(broad, has_boxes=True, thresholds={broad.prompt: 0.3}))
    columns = np.flatnonzero(differs(room, shown, seen)[120:180].all(axis=0))
    # Two sevenths of the way from the middle of a neighbour, at 250 of the slide, to the middle of
    # the first high one, and where the last one ends, at 500; the screen begins at 250.
    assert columns[0] == pytest.approx(250 + 200 / 7 - 250, abs=4)
    assert columns[-1] == pytest.approx(500 - 250, abs=4)
    assert len(columns) < 20


def test_kept_findings_are_drawn_as_lines_beside_the_chosen_one(room, shown, seen, broad):
    shown.render_state(broad, replace(broad, prompt=None, kept=(broad.prompt,)))
    assert differs(room, shown, seen)[120:180, 20:40].any()
