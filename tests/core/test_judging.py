import math
from dataclasses import replace

import exported
import numpy as np
import pytest

from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.judging import (
    accepted,
    dense,
    edited,
    enclosed,
    kept_inside,
    outlines,
    pulled,
    rejected,
)

SQUARE = (Point(10, 10), Point(30, 10), Point(30, 40), Point(10, 40))


@pytest.fixture
def proposal(make_image):
    """A finding on a film of 120 x 100 with its heatmap."""
    return exported.statement(make_image(np.zeros((120, 100))), "Effusion")


def test_a_verdict_names_who_gave_it_and_leaves_the_proposal_as_it_was(proposal):
    before = proposal.finding
    for judge, status in ((accepted, "accepted"), (rejected, "rejected")):
        after = judge(before, "Dr Reader")
        assert (after.status, after.author) == (status, "Dr Reader")
        assert replace(after, status=before.status, author=before.author) == before


def test_a_drawn_outline_is_where_the_finding_is(proposal):
    rows, columns = proposal.heatmap.similarity.shape
    ramp = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns) / 1e4
    scale_x, scale_y = proposal.heatmap.scale
    made = edited(
        proposal.finding,
        [SQUARE],
        replace(proposal.heatmap, similarity=ramp),
        spacing=Spacing(0.5, 0.2, "detector"),
        author="Dr Reader",
    )
    (region,) = made.regions
    assert (made.status, made.is_present, made.author) == ("edited", True, "Dr Reader")
    assert region.box == Box(10, 10, 30, 40)
    assert region.area_mm2 == pytest.approx(20 * 30 * 0.5 * 0.2)
    # The ramp grows downwards and to the right: the last map pixel whose centre is inside.
    assert 30 - scale_x <= region.peak.x < 30
    assert 40 - scale_y <= region.peak.y < 40
    assert made.peak == region.peak


def test_an_outline_smaller_than_a_map_pixel_has_its_middle_as_peak(proposal):
    small = (Point(10.0, 10.0), Point(10.2, 10.0), Point(10.1, 10.3))
    scale = (40.0, 40.0)
    values = np.full((3, 3), 0.25, np.float32)
    heatmap = replace(proposal.heatmap, similarity=values, scale=scale)
    made = edited(proposal.finding, [small], heatmap, spacing=None, author="R")
    assert made.regions[0].peak == pytest.approx(Point(10.1, 10.1))
    assert made.regions[0].similarity == 0.25
    assert made.regions[0].area_mm2 is None


def test_nothing_drawn_is_a_finding_that_is_not_there(proposal):
    made = edited(
        proposal.finding, [SQUARE[:2]], proposal.heatmap, spacing=None, author="Dr Reader"
    )
    assert (made.is_present, made.regions) == (False, ())


def test_area_does_not_depend_on_the_direction_of_drawing():
    assert enclosed(SQUARE) == enclosed(SQUARE[::-1]) == 600
    assert enclosed(()) == 0


def test_a_pull_moves_the_point_wholly_its_neighbours_less_and_the_far_side_not():
    circle = tuple(
        Point(100 + 50 * math.cos(a), 100 + 50 * math.sin(a))
        for a in np.linspace(0, 2 * math.pi, 72, endpoint=False)
    )
    moved = pulled(circle, 0, 20, -5)
    steps = [b.x - a.x for a, b in zip(circle, moved, strict=True)]
    assert moved[0] == pytest.approx((circle[0].x + 20, circle[0].y - 5))
    assert steps[:8] == sorted(steps[:8], reverse=True)
    assert steps[1] == pytest.approx(steps[-1])
    assert moved[36] == circle[36]


def test_a_dense_outline_has_the_same_shape():
    made = dense(SQUARE, 4)
    assert len(made) == 5 + 8 + 5 + 8
    assert enclosed(made) == pytest.approx(600)
    assert set(SQUARE) <= set(made)


def test_an_outline_ends_with_the_film():
    assert kept_inside((Point(-3, 5), Point(200, 7), Point(4, 90)), 80, 100) == (
        Point(0, 5),
        Point(100, 7),
        Point(4, 80),
    )


def block(proposal, value=0.5):
    """A map of 12 x 10 pixels of 10 source pixels each: a block of 3 x 4 that stands out."""
    values = np.zeros((12, 10), np.float32)
    values[2:5, 3:7] = value
    return replace(proposal.heatmap, similarity=values, scale=(10.0, 10.0))


def test_an_outline_runs_half_way_to_the_level(proposal):
    (line,) = outlines(block(proposal), 0.25)
    xs, ys = zip(*line, strict=True)
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((30, 70, 20, 50))


def test_holes_specks_and_what_was_not_seen_have_no_outline(proposal):
    heatmap = block(proposal)
    values = heatmap.similarity.copy()
    values[3, 4:6] = 0
    values[9, 1] = 0.3
    values[10:, :] = np.nan
    assert len(outlines(replace(heatmap, similarity=values), 0.29)) == 1
    assert outlines(heatmap, 0.6) == ()


def test_an_outline_closes_at_the_edge_of_the_film(proposal):
    heatmap = replace(block(proposal), similarity=np.ones((12, 10), np.float32))
    (line,) = outlines(heatmap, 0.5)
    xs, ys = zip(*line, strict=True)
    assert (min(xs), max(xs), min(ys), max(ys)) == (0, 100, 0, 120)
