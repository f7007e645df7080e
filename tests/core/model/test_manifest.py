import dataclasses
import json

import pytest
import tiny_bundle

from afloc_desktop.core.errors import BundleCorrupt, BundleIncompatible
from afloc_desktop.core.model.manifest import (
    FindingSpec,
    HeatmapSpec,
    Manifest,
    dump_manifest,
    load_manifest,
)
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.text import TextSpec

GOOD = dump_manifest(tiny_bundle.manifest())


def changed(path: str, value: object) -> str:
    """The good manifest with one place changed; a value of `...` removes it."""
    document = json.loads(GOOD)
    *parents, last = path.split(".")
    place = document
    for parent in parents:
        place = place[int(parent) if parent.isdigit() else parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document)


def test_a_manifest_survives_the_round_trip_with_no_field_lost():
    assert load_manifest(GOOD) == tiny_bundle.manifest()


@pytest.mark.parametrize("kind", [Manifest, HeatmapSpec, FindingSpec, PreprocessSpec, TextSpec])
def test_no_field_has_a_default(kind):
    for field in dataclasses.fields(kind):
        assert field.default is dataclasses.MISSING
        assert field.default_factory is dataclasses.MISSING


@pytest.mark.parametrize(
    "path", ["title", "preprocess.side", "heatmap.sigma_cells", "findings.0.threshold", "files"]
)
def test_a_missing_field_is_refused_by_name(path):
    with pytest.raises(BundleIncompatible, match=path.split(".")[-1]) as caught:
        load_manifest(changed(path, ...))
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["colour", "preprocess.gamma", "findings.1.weight"])
def test_an_unknown_field_is_refused_by_name(path):
    with pytest.raises(BundleIncompatible, match=path.split(".")[-1]):
        load_manifest(changed(path, 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("preprocess.side", "96"),
        ("preprocess.side", 96.5),
        ("preprocess.side", True),
        ("preprocess.resize", "bicubic"),
        ("preprocess.version", 2),
        ("heatmap.sigma_cells", None),
        ("heatmap", []),
        ("findings", {}),
        ("findings.0.is_default", 1),
        ("dicom_modalities", [1]),
        ("files", {"a": 1}),
        ("files", []),
    ],
)
def test_a_mistyped_field_is_refused(path, value):
    with pytest.raises(BundleIncompatible):
        load_manifest(changed(path, value))


@pytest.mark.parametrize(("schema", "remedy"), [(2, "made for this version"), (4, "Update")])
def test_what_to_do_depends_on_which_of_the_two_is_older(schema, remedy):
    with pytest.raises(BundleIncompatible) as caught:
        load_manifest(json.dumps({"schema": schema}))
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("schema", [0, 1, 2, 999, "2", None])
def test_another_schema_is_refused_before_its_fields_are_looked_at(schema):
    with pytest.raises(BundleIncompatible, match="schema"):
        load_manifest(json.dumps({"schema": schema}))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"schema": 1, "schema": 1}', GOOD.replace("0.6", "NaN")],
)
def test_what_is_no_strict_json_is_corrupt(text):
    with pytest.raises(BundleCorrupt):
        load_manifest(text)


def test_a_whole_number_may_stand_for_a_real_one():
    assert load_manifest(changed("heatmap.sigma_cells", 2)).heatmap.sigma_cells == 2.0
