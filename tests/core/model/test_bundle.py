import dataclasses
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import (
    BundleCorrupt,
    BundleError,
    BundleIncompatible,
    BundleMissing,
)
from afloc_desktop.core.model import bundle as bundle_module
from afloc_desktop.core.model.bundle import (
    REQUIRED,
    load_arrays,
    load_bundle,
    load_finding_vectors,
    load_references,
)


def test_a_whole_bundle_is_opened_with_its_identity(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    assert bundle.manifest.id == "tiny"
    assert len(bundle.sha256) == 64


@pytest.mark.parametrize("name", REQUIRED)
def test_one_flipped_byte_in_any_file_is_noticed(tiny_bundle, name):
    path = tiny_bundle / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleCorrupt, match=name) as caught:
        load_bundle(tiny_bundle)
    assert caught.value.remedy


@pytest.mark.parametrize("name", REQUIRED)
def test_an_absent_file_is_named(tiny_bundle, name):
    (tiny_bundle / name).unlink()
    with pytest.raises(BundleMissing, match=name):
        load_bundle(tiny_bundle)


def test_an_absent_folder_is_named(tmp_path):
    with pytest.raises(BundleMissing, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


def test_a_file_swapped_after_the_check_is_not_read(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    (tiny_bundle / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleCorrupt, match=r"tokenizer\.json"):
        bundle.read("tokenizer.json")


def test_a_path_is_given_only_of_a_file_that_is_as_it_was(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    assert bundle.path("text.onnx") == tiny_bundle / "text.onnx"
    (tiny_bundle / "text.onnx").write_bytes(b"other")
    with pytest.raises(BundleCorrupt):
        bundle.path("text.onnx")


def test_a_link_out_of_the_bundle_is_refused(tiny_bundle, tmp_path):
    outside = tmp_path / "outside.md"
    shutil.move(tiny_bundle / "MODEL_CARD.md", outside)
    (tiny_bundle / "MODEL_CARD.md").symlink_to(outside)
    with pytest.raises(BundleMissing):
        load_bundle(tiny_bundle)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "a/b", "", "bundle.json"])
def test_names_that_leave_the_folder_are_refused(tiny_bundle, name):
    document = json.loads((tiny_bundle / "bundle.json").read_text(encoding="utf-8"))
    tiny.edit(tiny_bundle, files={**document["files"], name: "0" * 64})
    with pytest.raises(BundleCorrupt):
        load_bundle(tiny_bundle)


@pytest.mark.parametrize("version", ["99.0", "0.1.1"])
def test_a_bundle_for_a_later_application_asks_for_an_update(tiny_bundle, version):
    tiny.edit(tiny_bundle, min_app_version=version)
    with pytest.raises(BundleIncompatible, match=version) as caught:
        load_bundle(tiny_bundle)
    assert "Update" in caught.value.remedy


def test_a_version_that_is_none_is_refused(tiny_bundle):
    tiny.edit(tiny_bundle, min_app_version="newest")
    with pytest.raises(BundleIncompatible):
        load_bundle(tiny_bundle)


@pytest.mark.parametrize("block_bytes", [1 << 18, 5])
def test_weights_kept_outside_the_graph_are_refused(tiny_bundle, monkeypatch, block_bytes):
    """The mark of such weights may lie across the blocks that a file is read in."""
    monkeypatch.setattr(bundle_module, "_BLOCK_BYTES", block_bytes)
    graph = tiny_bundle / "image.onnx"
    graph.write_bytes(graph.read_bytes() + b"\n\x08location\x12\x08/etc/x.y")
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match="another file"):
        load_bundle(tiny_bundle)


def test_findings_named_twice_are_refused(tiny_bundle):
    spot = tiny.finding("bright_spot", "Bright spot")
    tiny.sign(tiny_bundle, tiny.manifest(findings=(spot, spot)))
    with pytest.raises(BundleCorrupt, match="twice"):
        load_bundle(tiny_bundle)


def test_a_level_no_output_gives_is_refused(tiny_bundle):
    heatmap = dataclasses.replace(tiny.manifest().heatmap, level="local2")
    tiny.sign(tiny_bundle, tiny.manifest(heatmap=heatmap))
    with pytest.raises(BundleCorrupt, match="level"):
        load_bundle(tiny_bundle)


def test_binary_rubbish_as_a_manifest_is_corrupt(tiny_bundle):
    (tiny_bundle / "bundle.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BundleCorrupt):
        load_bundle(tiny_bundle)


def test_a_manifest_of_megabytes_is_not_parsed(tiny_bundle):
    (tiny_bundle / "bundle.json").write_bytes(b" " * (1 << 21))
    with pytest.raises(BundleCorrupt, match="1 MB"):
        load_bundle(tiny_bundle)


@pytest.mark.parametrize(
    "vectors",
    [
        np.eye(2, 4, dtype=np.float64),
        np.eye(3, 4, dtype=np.float32),
        2 * np.eye(2, 4, dtype=np.float32),
        np.full((2, 4), np.nan, np.float32),
    ],
)
def test_finding_vectors_that_do_not_fit_are_refused(tiny_bundle, vectors):
    ids = np.array(["bright_spot", "dark_spot"])
    np.savez(tiny_bundle / "findings.npz", ids=ids, vectors=vectors)
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match="findings"):
        load_finding_vectors(load_bundle(tiny_bundle))


def test_a_pickle_among_the_arrays_is_never_opened(tiny_bundle):
    np.savez(tiny_bundle / "selftest.npz", tensor=np.array([{}], dtype=object))
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match="selftest"):
        load_arrays(load_bundle(tiny_bundle), "selftest.npz")


def test_arrays_that_unpack_to_gigabytes_are_refused(tiny_bundle, monkeypatch):
    monkeypatch.setattr(bundle_module, "_MAX_FILE_BYTES", 1 << 20)
    with zipfile.ZipFile(tiny_bundle / "selftest.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tensor.npy", bytes(1 << 21))
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match="unpacks"):
        load_arrays(load_bundle(tiny_bundle), "selftest.npz")


def test_a_disk_that_fails_is_told_from_a_damaged_file(tiny_bundle, monkeypatch):
    def fail(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "is_symlink", fail)
    with pytest.raises(BundleError, match="Input/output") as caught:
        load_bundle(tiny_bundle)
    assert not isinstance(caught.value, BundleCorrupt)


def test_hostile_bundles_are_all_refused(shared):
    """Bundles of other shapes, pickles, bombs, scripts: none is a bundle of ours."""
    folders = [p for p in (shared / "corpus" / "bundles").rglob("*") if p.is_dir()]
    for folder in folders:
        with pytest.raises(BundleError):
            load_bundle(folder)


def test_finding_vectors_are_given_by_id(tiny_bundle):
    vectors = load_finding_vectors(load_bundle(tiny_bundle))
    assert list(vectors) == ["bright_spot", "dark_spot"]
    assert vectors["dark_spot"].tolist() == [0, 1, 0, 0]


def test_a_file_the_manifest_does_not_list_cannot_be_needed(tiny_bundle):
    document = json.loads((tiny_bundle / "bundle.json").read_text(encoding="utf-8"))
    del document["files"]["text.onnx"]
    tiny.edit(tiny_bundle, files=document["files"])
    with pytest.raises(BundleMissing, match=r"text\.onnx"):
        load_bundle(tiny_bundle)


def test_a_file_of_gigabytes_is_not_read(tiny_bundle, monkeypatch):
    monkeypatch.setattr(bundle_module, "_MAX_FILE_BYTES", 100)
    with pytest.raises(BundleCorrupt, match="gigabyte"):
        load_bundle(tiny_bundle)


def as_products(folder, **changes):
    heatmap = dataclasses.replace(tiny.manifest().heatmap, similarity="dot", extent="input")
    tiny.sign(folder, tiny.manifest(heatmap=heatmap, **changes))
    return folder


@pytest.mark.parametrize(("length", "is_right"), [(7.0, True), (1e-3, True), (0.0, False)])
def test_vectors_of_raw_products_have_any_length_but_none(tiny_bundle, length, is_right):
    vectors = length * np.eye(2, 4, dtype=np.float32)
    ids = np.array(["bright_spot", "dark_spot"])
    np.savez(tiny_bundle / "findings.npz", ids=ids, vectors=vectors)
    bundle = load_bundle(as_products(tiny_bundle))
    if is_right:
        assert load_finding_vectors(bundle)["bright_spot"][0] == np.float32(length)
    else:
        with pytest.raises(BundleCorrupt, match="findings"):
            load_finding_vectors(bundle)


def test_steps_of_preprocessing_that_contradict_each_other_are_refused(tiny_bundle):
    spec = dataclasses.replace(tiny.PREPROCESS, fit="as-is")
    tiny.sign(tiny_bundle, tiny.manifest(preprocess=spec))
    with pytest.raises(BundleCorrupt, match="contradict"):
        load_bundle(tiny_bundle)


def test_the_references_of_a_gate_are_read_in_single_precision(tiny_bundle):
    tiny.gate(tiny_bundle)
    references = load_references(load_bundle(tiny_bundle))
    assert references.dtype == np.float32
    assert references.tolist() == np.eye(2, tiny.DEPTH).tolist()


def test_a_gate_names_its_file(tiny_bundle):
    tiny.gate(tiny_bundle)
    (tiny_bundle / "gate.npz").unlink()
    tiny.sign(tiny_bundle, tiny.manifest(gate=tiny.GateSpec(0.8)))
    with pytest.raises(BundleMissing, match="gate"):
        load_bundle(tiny_bundle)


@pytest.mark.parametrize(
    "references",
    [
        2 * np.eye(2, dtype=np.float16),
        np.full((2, 2), np.nan, np.float16),
        np.eye(2, dtype=np.float32),
        np.empty((0, 4), np.float16),
    ],
)
def test_references_that_are_no_unit_vectors_are_refused(tiny_bundle, references):
    np.savez(tiny_bundle / "gate.npz", references=references)
    tiny.sign(tiny_bundle, tiny.manifest(gate=tiny.GateSpec(0.8)))
    with pytest.raises(BundleCorrupt, match="gate"):
        load_references(load_bundle(tiny_bundle))
