import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import tiny_bundle as tiny
from afloc_training.progress import Reporter
from afloc_training.tuning.comparing import CompareOrder, compare_bundles
from afloc_training.tuning.comparison_text import as_json, as_text

from afloc_desktop.core.errors import DatasetError

SECRET = "Mustermann"


@pytest.fixture
def order(tiny_bundle, tmp_path):
    """Three films with a bright spot; the base calls "bright" what the bundle calls "dark"."""
    other = shutil.copytree(tiny_bundle, tmp_path / "other")
    np.savez(other / "findings.npz", ids=np.array(["bright_spot", "dark_spot"]),
             vectors=np.eye(2, tiny.DEPTH, dtype=np.float32)[::-1])  # fmt: skip
    tiny.sign(other, tiny.manifest(id="turned"))
    rows = ["image,patient_id,label,x,y,w,h,mask,sex"]
    for n in range(3):
        film = np.full((96, 96), 20, np.uint8)
        film[40:60, 20 + 8 * n : 40 + 8 * n] = 240
        PIL.Image.fromarray(film).save(tmp_path / f"{SECRET}{n}.png")
        x, y, w, h = (20 + 8 * n) / 96, 40 / 96, 20 / 96, 20 / 96
        rows.append(f"{SECRET}{n}.png,{SECRET}{n},Bright spot,{x},{y},{w},{h},,F")
    (tmp_path / "regions.csv").write_text("\n".join(rows))
    return CompareOrder(
        base=other,
        bundle=tiny_bundle,
        images=tmp_path,
        regions=tmp_path / "regions.csv",
        page=tmp_path / "page.html",
    )


def compare(order):
    return compare_bundles(order, Reporter(is_json=True, stream=io.StringIO()))


def test_the_better_bundle_is_better_on_every_case(order):
    found = compare(order)
    row = next(row for row in found.regions if row.label == "Bright spot")
    assert (row.cases, row.pointing.base.value, row.pointing.bundle.value) == (3, 0.0, 1.0)
    assert row.cnr.difference.low > 1
    assert found.base[0] == "turned"
    assert "Bright spot (3 films)" in as_text(found)
    assert json.loads(json.dumps(as_json(found), allow_nan=False))["bundle"][0] == "tiny"


def test_the_page_needs_nothing_else_and_names_no_film(order):
    compare(order)
    page = order.page.read_text("utf-8")
    assert SECRET not in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert page.count("<img") == 4 * 3 * 3  # four lists of three cases, three pictures each
    assert 'class="gain"' in page


@pytest.mark.parametrize(
    ("modality", "called", "is_blanked"),
    [("fundus", "photographs", True), ("histo", "tiles", False)],
)
def test_the_page_calls_images_as_their_readers_do(order, modality, called, is_blanked):
    for folder in (order.base, order.bundle):
        tiny.sign(folder, tiny.manifest(modality=modality))
    found = compare(order)
    page = order.page.read_text("utf-8")
    assert "film" not in re.sub(r"data:[^\"]*", "", page)
    assert f"the same {called}" in page
    assert f"(3 {called})" in as_text(found)
    # What lies at the border of a tile is tissue like the rest, and no margin.
    assert bool(found.blanked) == is_blanked


def test_labels_that_were_not_asked_for_are_left_out(order):
    with pytest.raises(DatasetError, match="nothing to compare"):
        compare(replace(order, only=("Dark spot",)))


def test_without_tables_there_is_nothing_to_compare(order):
    with pytest.raises(DatasetError, match="nothing to compare"):
        compare(CompareOrder(order.base, order.bundle, order.images))
