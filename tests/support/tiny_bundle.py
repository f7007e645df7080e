"""A bundle whose answers are known: "bright" lights up bright places, "dark" dark ones.

Its image network averages 4 × 4 pixels into a value p and answers with the unit vector along
(p, 1 - p, 0, 0.1); its text network knows two words, along the first two axes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from afloc_desktop.core.model.manifest import (
    SCHEMA,
    FindingSpec,
    GateSpec,
    HeatmapSpec,
    Manifest,
    dump_manifest,
)
from afloc_desktop.core.model.runtime import onnxruntime
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.text import TextSpec

if TYPE_CHECKING:
    from pathlib import Path

SIDE, GRID, DEPTH = 96, 24, 4
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "bright", "dark", "spot", "there", "is", "."]
PREPROCESS = PreprocessSpec(
    1, SIDE, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0
)


def manifest(**changes) -> Manifest:
    """The manifest before the files are hashed."""
    fields = {
        "schema": SCHEMA,
        "id": "tiny",
        "version": "1",
        "title": "Bright and dark spots",
        "modality": "cxr",
        "dicom_modalities": ("DX", "CR"),
        "created": "2026-01-01T00:00:00+00:00",
        "min_app_version": "0.1.0",
        "preprocess": PREPROCESS,
        "text": TextSpec("wordpiece", True, 16, "none", "There is {}."),
        "heatmap": HeatmapSpec("local", GRID, "cosine", "film", 1.0, 0.0, 0.6, 0.5, 0.0),
        "image_outputs": ("local",),
        "findings": (finding("bright_spot", "Bright spot"), finding("dark_spot", "Dark spot")),
        "gate": None,
        "licence": "CC0-1.0",
        "data": "none",
        "intended_use": "Tests.",
        "metrics": (),
        "files": {},
    }
    return Manifest(**{**fields, **changes})


def finding(name: str, label: str) -> FindingSpec:
    word = name.split("_")[0]
    return FindingSpec(name, label, "Spots", (word,), (word,), 0.8, 1.0, None, None, None, True)


def make(folder: Path) -> Path:
    """Write the bundle into `folder`, which is created."""
    folder.mkdir(parents=True)
    (folder / "image.onnx").write_bytes(_image_graph())
    (folder / "text.onnx").write_bytes(_text_graph())
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    tokenizer = {"model": {"type": "WordPiece", "vocab": vocabulary}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text("# Tiny\n", encoding="utf-8")
    vectors = np.eye(2, DEPTH, dtype=np.float32)
    write_vectors(folder, ("bright_spot", "dark_spot"))
    tensor = np.linspace(0, 1, SIDE * SIDE, dtype=np.float32).reshape(1, 1, SIDE, SIDE)
    local = _run(folder / "image.onnx", {"image": tensor})[0][0]
    np.savez(
        folder / "selftest.npz",
        tensor=tensor,
        maps=np.einsum("kd,dij->kij", vectors, local),
        words=np.array(["bright", "dark"]),
        word_vectors=vectors,
    )
    sign(folder, manifest())
    return folder


def gate(folder: Path, threshold: float = 0.8) -> None:
    """Let words pass that are like "bright" or "dark"."""
    np.savez(folder / "gate.npz", references=np.eye(2, DEPTH, dtype=np.float16))
    sign(folder, manifest(gate=GateSpec(threshold)))


def name_bright_spot(folder: Path, name: str, label: str) -> None:
    """Call the finding that lights up bright places by another name."""
    write_vectors(folder, (name, "dark_spot"))
    _, second = manifest().findings
    sign(folder, manifest(findings=(finding(name, label), second)))


def write_vectors(folder: Path, ids: tuple[str, str]) -> None:
    vectors = np.eye(len(ids), DEPTH, dtype=np.float32)
    np.savez(folder / "findings.npz", ids=np.array(ids), vectors=vectors)


def sign(folder: Path, unsigned: Manifest) -> None:
    """Hash the files as they are and write `bundle.json`."""
    names = sorted(p.name for p in folder.iterdir() if p.name != "bundle.json")
    files = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    document = json.loads(dump_manifest(unsigned))
    document["files"] = files
    (folder / "bundle.json").write_text(json.dumps(document), encoding="utf-8")


def edit(folder: Path, **changes) -> None:
    """Change top-level fields of `bundle.json`; None removes one."""
    path = folder / "bundle.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        document.pop(name, None)
        if value is not None:
            document[name] = value
    path.write_text(json.dumps(document), encoding="utf-8")


def _image_graph() -> bytes:
    nodes = [
        helper.make_node("AveragePool", ["image"], ["p"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Sub", ["one", "p"], ["q"]),
        helper.make_node("Mul", ["p", "zero"], ["none"]),
        helper.make_node("Add", ["none", "tenth"], ["floor"]),
        helper.make_node("Concat", ["p", "q", "none", "floor"], ["raw"], axis=1),
        helper.make_node("LpNormalization", ["raw"], ["local"], axis=1, p=2),
    ]
    constants = {"one": 1.0, "zero": 0.0, "tenth": 0.1}
    return _model(
        nodes,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("local", TensorProto.FLOAT, ["n", DEPTH, GRID, GRID])],
        {name: np.array(value, np.float32) for name, value in constants.items()},
    )


def _text_graph() -> bytes:
    table = np.zeros((len(WORDS), DEPTH), np.float32)
    table[WORDS.index("bright"), 0] = 1
    table[WORDS.index("dark"), 1] = 1
    table[WORDS.index("[CLS]"), 3] = 1e-3  # so that unknown words still have a direction
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["text"], axis=1, p=2),
        helper.make_node("Identity", ["text"], ["sentence"]),
    ]
    whole = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["k", "t"])
        for name in ("input_ids", "attention_mask")
    ]
    constants = {"table": table, "last": np.array([2]), "middle": np.array([1])}
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["k", DEPTH])
        for name in ("text", "sentence")
    ]
    return _model(nodes, whole, outputs, constants)


def _model(nodes, inputs, outputs, constants) -> bytes:
    initial = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _run(path: Path, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, feeds)
