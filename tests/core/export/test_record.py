import json
from dataclasses import replace

import exported
import numpy as np
import pytest
from pydicom.dataset import Dataset

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.export.record import (
    get_record,
    put_record,
    regions_of,
    statement_of,
    tracking_id,
    tracking_uid,
)
from afloc_desktop.core.export.selection import FilmResults


@pytest.fixture
def results(make_image):
    image = make_image(np.zeros((120, 100)))
    return FilmResults(image, (exported.statement(image, probability=0.5),))


def recorded(results):
    dataset = Dataset()
    put_record(dataset, "sr", results, results.image.ref.sop_instance_uid)
    return dataset


def test_what_is_put_in_is_got_out(results):
    record = get_record(recorded(results))
    (entry,) = record["statements"]
    (region,) = results.statements[0].regions
    outlines = {entry["regions"][0]["tracking_uid"]: region.outline}
    assert statement_of(entry, regions_of(entry, outlines)).finding == (
        results.statements[0].finding
    )
    assert record["image"]["pixel_sha256"] == results.image.pixel_sha256
    assert entry["map_range"] == [0, 0.8125]


def test_what_is_not_a_number_stays_none(results):
    (statement,) = results.statements
    finding = replace(statement.finding, similarity=float("nan"), peak=None)
    film = replace(results, statements=(replace(statement, finding=finding, heatmap=None),))
    (entry,) = get_record(recorded(film))["statements"]
    back = statement_of(entry, ()).finding
    assert np.isnan(back.similarity)
    assert (back.peak, entry["map_range"]) == (None, None)


def test_an_outline_that_the_object_no_longer_shows_is_no_region(results):
    (entry,) = get_record(recorded(results))["statements"]
    assert regions_of(entry, {}) == ()


def test_the_same_region_is_known_everywhere_and_another_is_not(results):
    (one,) = results.statements
    (region,) = one.regions
    uid = tracking_uid("1.2.3", 1, one, region)
    assert uid == tracking_uid("1.2.3", 1, one, region)
    moved = exported.region(exported.KITE)
    others = {
        tracking_uid("1.2.4", 1, one, region),
        tracking_uid("1.2.3", 2, one, region),
        tracking_uid("1.2.3", 1, one, moved),
        tracking_uid("1.2.3", 1, exported.statement(results.image, "Mass"), region),
    }
    assert len(others - {uid}) == 4
    assert uid.startswith("2.25.")
    assert len(uid) <= 64
    assert tracking_id(one, 2) == "Pleural effusion 2"


def test_an_object_of_others_has_no_record():
    assert get_record(Dataset()) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schema=2),
        lambda d: d.pop("statements"),
        lambda d: d["statements"][0].pop("author"),
        lambda d: d["statements"][0].update(status="certain"),
        lambda d: d["statements"][0].update(similarity="high"),
        lambda d: d["statements"][0]["provenance"].pop("provider"),
        lambda d: d["statements"][0]["regions"][0].update(peak=[1]),
    ],
)
def test_a_record_that_is_not_as_we_write_it_is_refused(results, change):
    dataset = recorded(results)
    block = dataset.private_block(0x0071, "AFLOC")
    document = json.loads(block[0x01].value)
    change(document)
    block[0x01].value = json.dumps(document)
    with pytest.raises(UnreadableFile, match="record"):
        get_record(dataset)


def test_a_record_that_is_no_json_is_refused(results):
    dataset = recorded(results)
    dataset.private_block(0x0071, "AFLOC")[0x01].value = "{" * 10_000
    with pytest.raises(UnreadableFile):
        get_record(dataset)
