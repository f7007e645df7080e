import io
import json
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import tunable
from afloc_training.export import Parity
from afloc_training.facts import Claim
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.fitting.settings import VariationSettings
from afloc_training.progress import Reporter
from afloc_training.site.store import Store, write_store
from afloc_training.tuning import exporting
from afloc_training.tuning.drawn import drawn_targets, read_drawn
from afloc_training.tuning.fit import tune
from afloc_training.tuning.settings import load_tune_recipe
from afloc_training.tuning.stopping import TuneStanding

from afloc_desktop.core.errors import CheckpointError, DatasetError
from afloc_desktop.core.picture import read_picture

AS_IT_IS = VariationSettings(0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def films(tunable_store, tmp_path):
    """Films 0 to 3 of the store as pictures twice as high as wide, and one of another place."""
    folder = tmp_path / "films"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in "0123x":
        values = rng.integers(0, 255, (80, 40), np.uint8)
        PIL.Image.fromarray(values).save(folder / f"{name}.png")
    store = Store(tunable_store)
    cases = [
        replace(case, frame=(0, 96, 384, 192), pixel_sha256=read_picture(path).pixel_sha256)
        for case, path in zip(store.cases, sorted(folder.iterdir()), strict=False)
    ]
    write_store(tunable_store, store.info, cases)
    return folder


def table(films, *rows):
    path = films / "regions.csv"
    path.write_text("\n".join(("image,label,x,y,w,h,mask", *rows)))
    return path


def quiet(told=None):
    return Reporter(is_json=True, stream=told or io.StringIO())


def test_a_box_is_taught_where_it_lies_in_the_plane_of_its_film(films, tunable_store):
    store = Store(tunable_store)
    told = io.StringIO()
    rows = ("0.png,Lung Opacity,0.5,0,0.5,0.5,", "0.png,Left Lung,0,0,1,1,", "2.png,Mass,1,1,1,1,")
    drawn = read_drawn(table(films, *rows), films, store, quiet(told))
    assert "Left Lung" in told.getvalue()
    assert drawn.masks.keys() == {0}
    claims = [Claim("pleural_effusion"), Claim("lung_opacity"), Claim("lung_opacity", side="left"),
              Claim("lung_opacity", side="right")]  # fmt: skip
    content = np.ones((2, 4), np.int8)
    rngs = [np.random.default_rng(n) for n in range(2)]
    pairs, targets = drawn_targets(drawn, store, [1, 0], claims, content, (rngs, AS_IT_IS))
    # The right half of the film is the patient's left, and columns 12 to 17 of the plane.
    assert pairs.tolist() == [[1, 1], [1, 2]]
    wanted = np.zeros((24, 24))
    wanted[:12, 12:18] = 1
    assert np.allclose(targets.reshape(2, 24, 24), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("0.png,Mass,0,0,1,1,", "x.png,Mass,0,0,1,1,"), "1 of 2 films .* not in the .* line 3"),
        (("3.png,Mass,0,0,1,1,",), "1 of 1 films .* kept from training.* line 2"),
        (("0.png,Left Lung,0,0,1,1,",), "no region of a finding that the model knows"),
    ],
)  # fmt: skip
def test_regions_of_films_that_are_not_learned_from_are_refused(films, tunable_store, rows, said):
    with pytest.raises(DatasetError, match=said):
        read_drawn(table(films, *rows), films, Store(tunable_store), quiet())


def test_a_training_with_regions_teaches_them_and_says_so(films, order, tiny_bundle):
    # Film 0 is said to show an opacity on the right; nothing is said of film 1 and an opacity.
    rows = [f"{film}.png,Lung Opacity,0,0.1,0.4,0.5," for film in "012"]
    with_regions = replace(order, regions=table(films, *rows))
    told = io.StringIO()
    tune(with_regions, quiet(told))
    events = [json.loads(line) for line in told.getvalue().splitlines()]
    losses = [event["losses"] for event in events if event["event"] == "progress"]
    assert losses
    assert all("drawn" in of_step for of_step in losses)
    with pytest.raises(CheckpointError, match="another table of regions"):
        tune(replace(order, is_resumed=True), quiet())

    about = RunFolder(order.run).about()
    assert about.films["drawn"] == 3
    base = tunable.open_base(tiny_bundle)
    told = exporting._Told(about, load_tune_recipe(None)[0].tune, TuneStanding(2))
    manifest = exporting._manifest(base, told, "0" * 64)
    card = exporting._card(manifest, base, told, Parity(0.0, 0.0, 1.0))
    for words in (manifest.data, card):
        assert "Regions drawn by people were used: on 3 of these images" in words
        assert "No box" not in words
