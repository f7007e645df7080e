from __future__ import annotations

import json
import re

import numpy as np
import pytest
from afloc_training import bundle_files
from afloc_training.recipe import load_recipe
from afloc_training.thresholds import Calibration
from afloc_training.vocabulary import BY_ID, FINDINGS
from onnx import TensorProto, helper, save

from afloc_desktop.core.errors import WouldOverwrite
from afloc_desktop.core.model.bundle import load_bundle, load_finding_vectors, load_references
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.prompts import chest_library
from afloc_desktop.core.text import WordPiece

RECIPE = load_recipe(None)
VOCABULARY = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "mass", "."])}


def write_graphs(folder):
    """An image graph that answers (1, 0) everywhere; a text graph that counts ids along axis 0."""
    pooled = helper.make_node(
        "AveragePool", ["image"], ["p"], kernel_shape=[16, 16], strides=[16] * 2
    )
    nodes = [
        pooled,
        helper.make_node("Mul", ["p", "nought"], ["zero"]),
        helper.make_node("Add", ["zero", "unit"], ["one"]),
        helper.make_node("Concat", ["one", "zero"], ["local"], axis=1),
        helper.make_node("ReduceMean", ["local"], ["global"], axes=[2, 3], keepdims=0),
    ]
    constants = [
        helper.make_tensor("nought", TensorProto.FLOAT, [], [0.0]),
        helper.make_tensor("unit", TensorProto.FLOAT, [], [1.0]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 384, 384])
    outputs = [helper.make_empty_tensor_value_info(name) for name in ("local", "global")]
    _save(nodes, [image], outputs, constants, folder / "image.onnx")

    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["ids", "axis"], ["a"], keepdims=1),
        helper.make_node("ReduceSum", ["mask", "axis"], ["b"], keepdims=1),
        helper.make_node("Concat", ["a", "b"], ["both"], axis=1),
        helper.make_node("LpNormalization", ["both"], ["text"], axis=1, p=2),
        helper.make_node("Identity", ["text"], ["sentence"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["k", "t"])
        for name in ("input_ids", "attention_mask")
    ]
    axis = [helper.make_tensor("axis", TensorProto.INT64, [1], [1])]
    outputs = [helper.make_empty_tensor_value_info(name) for name in ("text", "sentence")]
    _save(nodes, inputs, outputs, axis, folder / "text.onnx")


def _save(nodes, inputs, outputs, constants, path):
    for output in outputs:
        output.type.tensor_type.elem_type = TensorProto.FLOAT
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


@pytest.fixture
def tokenizer(tmp_path):
    model = {"model": {"type": "WordPiece", "vocab": VOCABULARY}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(model))
    return WordPiece(VOCABULARY, RECIPE.text)


@pytest.fixture
def sealed(tmp_path, tokenizer):
    write_graphs(tmp_path)
    vectors = bundle_files.write_finding_vectors(tmp_path, tokenizer)
    film = np.random.default_rng(0).random((384, 384), np.float32)
    bundle_files.write_self_test(tmp_path, film, vectors, tokenizer)
    thresholds = bundle_files.Thresholds({term.id: 0.25 for term in FINDINGS}, 0.2)
    gate = bundle_files.write_gate(tmp_path, tokenizer)
    bundle_files.seal(tmp_path, bundle_files.manifest(RECIPE, thresholds, (), gate), "# Card\n")
    return tmp_path


def test_the_desktop_opens_a_sealed_bundle_and_its_self_test_passes(sealed):
    bundle = load_bundle(sealed)
    report = self_test(bundle, Sessions(bundle, "cpu"))
    assert report.map_difference < 1e-4
    assert [f.id for f in bundle.manifest.findings] == [term.id for term in FINDINGS]
    assert bundle.manifest.heatmap.threshold == 0.2
    assert {f.threshold for f in bundle.manifest.findings} == {0.25}
    assert set(bundle.manifest.files) == {path.name for path in sealed.iterdir()} - {"bundle.json"}


def test_a_finding_is_the_unit_mean_of_its_prompts(sealed):
    vectors = load_finding_vectors(load_bundle(sealed))
    # [CLS] is 2, [SEP] 3, "mass" 4, "." 5 and every other piece unknown, which is 1.
    known = {"mass": 4, ".": 5}
    each = []
    for prompt in BY_ID["mass"].prompts:
        pieces = re.findall(r"\w+|[^\w\s]", prompt.lower())
        total = 2 + 3 + sum(known.get(piece, 1) for piece in pieces)
        count = 2 + len(pieces)
        each.append(np.array([total, count]) / np.hypot(total, count))
    mean = np.mean(each, axis=0)
    assert np.allclose(vectors["mass"], mean / np.linalg.norm(mean), atol=1e-6)


def test_the_gate_holds_the_library_in_a_few_hundred_kilobytes(sealed):
    references = load_references(load_bundle(sealed))
    assert len(references) == len(chest_library().references)
    assert len(references) * 384 * 2 <= 400_000


def test_a_limit_lies_where_most_are_on_their_side():
    # At .45 all of the first and one of four of the second are above: .75, better than anywhere.
    inside, outside = np.array([0.5, 0.8, 0.9]), np.array([0.1, 0.3, 0.4, 0.6])
    assert bundle_files.best_limit(inside, outside) == pytest.approx(0.45)


def test_a_calibrated_finding_carries_its_numbers():
    thresholds = bundle_files.Thresholds(
        {term.id: 0.0 for term in FINDINGS}, 0.0, {"mass": Calibration(9.0, -3.0, 0.2)}
    )
    made = {f.id: f for f in bundle_files.manifest(RECIPE, thresholds, ()).findings}
    assert (made["mass"].gain, made["mass"].bias, made["mass"].prevalence) == (9.0, -3.0, 0.2)
    assert made["nodule"].gain is None


def test_the_self_test_film_has_256_grey_levels(sealed):
    with np.load(sealed / "selftest.npz", allow_pickle=False) as golden:
        assert golden["tensor"].dtype == np.float16
        assert len(np.unique(golden["tensor"])) <= 256
        assert golden["maps"].shape == (len(FINDINGS), 24, 24)


def test_the_creation_time_can_be_pinned(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    thresholds = bundle_files.Thresholds({term.id: 0.0 for term in FINDINGS}, 0.0)
    made = bundle_files.manifest(RECIPE, thresholds, ())
    assert made.created == "1970-01-01T00:00:00+00:00"


def test_a_bundle_may_be_replaced_and_nothing_else(tmp_path):
    bundle_files.check_target(tmp_path / "new")
    (tmp_path / "letters").mkdir()
    with pytest.raises(WouldOverwrite):
        bundle_files.check_target(tmp_path / "letters")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "bundle.json").write_text("old")
    bundle_files.check_target(tmp_path / "old")
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "bundle.json").write_text("new")
    bundle_files.publish(tmp_path / "partial", tmp_path / "old")
    assert (tmp_path / "old" / "bundle.json").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letters", "old"]
