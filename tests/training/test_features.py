from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from afloc_training import features
from afloc_training.backbone import MobileNetV2
from afloc_training.export import export_trunk, run
from afloc_training.facts import Fact, FilmFacts
from afloc_training.features import FilmPlan, cell_masks, compute_features, plan_films, render
from afloc_training.films import FilmRow
from afloc_training.recipe import FilmSettings, load_recipe
from afloc_training.synthesis import PAINTABLE, SyntheticFilm
from PIL import Image

from afloc_desktop.core.errors import DatasetError

SPEC = load_recipe(None).preprocess
SETTINGS = FilmSettings(
    held_out_share=0.1,
    held_out_seed=0,
    editions=2,
    painted_per_normal=3,
    painted_per_abnormal=1,
    with_texts=False,
)


def row(name, *labels, is_low_resolution=False):
    return FilmRow(Path(name), name, frozenset(labels), is_low_resolution)


@pytest.fixture
def film_row(drawn_film, tmp_path):
    path = tmp_path / "film.png"
    Image.fromarray((drawn_film * 255).astype(np.uint8)).save(path)
    return FilmRow(path, "p", frozenset(), is_low_resolution=False)


def test_every_film_is_planned_as_often_as_the_settings_say():
    rows = [row("normal"), row("ill", "mass"), row("unclear"), row("small", is_low_resolution=True)]
    plans = plan_films(rows, [True, True, False, True], SETTINGS, 0)
    kinds = [(plan.row.patient_id, plan.kind) for plan in plans]
    assert kinds.count(("normal", "plain")) == 1
    assert kinds.count(("unclear", "plain")) == 1
    assert kinds.count(("unclear", "varied")) == 1
    assert kinds.count(("normal", "painted")) == 3
    assert kinds.count(("ill", "painted")) == 1
    assert ("unclear", "painted") not in kinds
    assert ("small", "painted") not in kinds
    assert len({plan.seed for plan in plans}) == len(plans)


def test_no_film_of_a_later_edition_was_seen_before():
    rows = [row("normal"), row("ill", "mass")]
    first, second, third = (plan_films(rows, [True, True], SETTINGS, n) for n in range(3))
    assert {plan.kind for plan in second} == {"varied", "painted"}
    seeds = [plan.seed for plan in first + second + third]
    assert len(set(seeds)) == len(seeds)


def test_films_without_a_ground_to_paint_on_are_refused():
    with pytest.raises(DatasetError):
        plan_films([row("unclear")], [False], SETTINGS, 0)


def test_equal_plans_give_equal_films_and_other_seeds_others(film_row):
    first, again, other = (
        render(FilmPlan(film_row, "painted", seed), SPEC).film for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_plain_film_is_what_the_desktop_prepares(film_row, drawn_film):
    film = render(FilmPlan(film_row, "plain", 0), SPEC)
    assert film.facts == FilmFacts(frozenset())
    assert film.film.shape == (384, 384)
    assert np.corrcoef(film.film.ravel(), drawn_film.ravel())[0, 1] > 0.99


def test_a_mask_becomes_the_share_of_each_cell_it_covers():
    mask = np.zeros((384, 384), bool)
    mask[0:16, 0:8] = True  # half of the first cell
    facts = FilmFacts(frozenset(), (Fact("mass", "right", "upper"),))
    cells = cell_masks(SyntheticFilm(np.zeros((384, 384), np.float32), facts, (mask,)))
    assert cells[PAINTABLE.index("mass"), 0, 0] == 0.5
    assert cells.sum() == 0.5


def test_features_are_those_of_the_trunk_and_are_computed_once(film_row, tmp_path, monkeypatch):
    trunk = tmp_path / "trunk.onnx"
    export_trunk(MobileNetV2(), trunk, 384)
    plans = [FilmPlan(film_row, "plain", 0), FilmPlan(film_row, "painted", 1)]
    counts = []
    found = compute_features(plans, SPEC, trunk, tmp_path, lambda n, of: counts.append((n, of)))
    film = render(plans[0], SPEC).film
    stem = run(trunk, {"image": film[None, None]})[0]
    assert counts[-1] == (2, 2)
    assert np.allclose(found.stem[0], stem[0], atol=0.02)
    assert list(found.is_painted) == [False, True]

    stems = compute_features(plans, SPEC, trunk, tmp_path, lambda *_: None, is_stem_enough=True)
    assert np.array_equal(stems.stem, found.stem)
    assert stems.middle is None
    found = compute_features(plans, SPEC, trunk, tmp_path, lambda *_: None)

    monkeypatch.setattr(features, "_compute_all", lambda *_: pytest.fail("computed again"))
    again = compute_features(plans, SPEC, trunk, tmp_path, lambda *_: None)
    assert again.facts == found.facts
    assert np.array_equal(again.masks, found.masks)
