import time

import numpy as np
import pytest
import tiny_bundle as tiny
from bars import hold_within
from onnx import TensorProto, helper, numpy_helper

from afloc_desktop.core.errors import BundleCorrupt, Cancelled, InferenceError
from afloc_desktop.core.model import session
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.runtime import CPU, onnxruntime
from afloc_desktop.core.model.session import Sessions, available_providers


def test_the_provider_named_is_the_one_that_runs(tiny_bundle):
    assert Sessions(load_bundle(tiny_bundle), "cpu").provider == CPU


def test_automatic_choice_always_finds_one(tiny_bundle):
    assert Sessions(load_bundle(tiny_bundle), "auto").provider.endswith("ExecutionProvider")
    assert available_providers()[-1] == "cpu"


def test_an_absent_device_is_refused_and_never_silently_replaced(tiny_bundle):
    absent = next(p for p in ("directml", "coreml", "cuda") if p not in available_providers())
    with pytest.raises(InferenceError, match=absent) as caught:
        Sessions(load_bundle(tiny_bundle), absent)
    assert "cpu" in caught.value.remedy


def test_a_graph_that_is_none_is_corrupt(tiny_bundle):
    (tiny_bundle / "image.onnx").write_bytes(b"no graph")
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        Sessions(load_bundle(tiny_bundle), "cpu")


def test_bright_and_dark_patches_point_along_their_axes(tiny_bundle):
    tensor = np.zeros((1, 1, tiny.SIDE, tiny.SIDE), np.float32)
    tensor[:, :, :4, :4] = 1
    local = Sessions(load_bundle(tiny_bundle), "cpu").encode_patches(tensor)
    assert local.shape == (tiny.DEPTH, tiny.GRID, tiny.GRID)
    norm = np.hypot(1, 0.1)
    assert local[:2, 0, 0] == pytest.approx([1 / norm, 0], abs=1e-6)
    assert local[:2, 5, 5] == pytest.approx([0, 1 / norm], abs=1e-6)


def test_words_become_unit_vectors(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    vectors = sessions.encode_text([[2, 4, 3], [2, 5, 3]], [[1, 1, 1], [1, 1, 1]])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors[:, :2] == pytest.approx(np.eye(2), abs=1e-2)


def test_an_input_that_does_not_fit_is_an_inference_error(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    with pytest.raises(InferenceError):
        sessions.encode_patches(np.zeros((1, 2, 3, 3), np.float32))


def test_answers_that_are_not_finite_are_refused(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    with pytest.raises(InferenceError, match="finite"):
        sessions.encode_patches(np.full((1, 1, tiny.SIDE, tiny.SIDE), np.nan, np.float32))


def test_a_provider_nobody_knows_is_refused_with_the_ones_there_are(tiny_bundle):
    with pytest.raises(InferenceError, match="abacus") as caught:
        Sessions(load_bundle(tiny_bundle), "abacus")
    assert "cpu" in caught.value.remedy


def test_a_running_network_is_stopped_within_a_tenth_of_a_second(tmp_path):
    """A graph that would run for seconds, in steps of a few milliseconds."""
    size, steps = 512, 2000
    nodes = [helper.make_node("MatMul", ["x0", "eye"], ["x1"])]
    nodes += [helper.make_node("MatMul", [f"x{n}", "eye"], [f"x{n + 1}"]) for n in range(1, steps)]
    eye = np.eye(size, dtype=np.float32)
    shape = [1, 1, size, size]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"x{steps}", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(eye, "eye")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    slow = onnxruntime().InferenceSession(model.SerializeToString(), providers=[CPU])

    def stopped_after():
        wanted_at, started = [], time.monotonic()

        def check():
            if time.monotonic() > started + 0.15:
                wanted_at.append(time.monotonic())
                raise Cancelled

        with pytest.raises(Cancelled):
            session._run(slow, f"x{steps}", {"x0": eye[None, None]}, check)
        return time.monotonic() - wanted_at[0]

    hold_within("a running network stops, s", stopped_after, 0.1, patience=10)


def test_a_part_that_heatmaps_are_made_of_is_run_instead_of_the_whole(tiny_bundle):
    (tiny_bundle / "patches.onnx").write_bytes((tiny_bundle / "image.onnx").read_bytes())
    (tiny_bundle / "image.onnx").write_bytes(b"the whole, which nobody asks for")
    tiny.sign(tiny_bundle, tiny.manifest())
    tensor = np.zeros((1, 1, tiny.SIDE, tiny.SIDE), np.float32)
    patches = Sessions(load_bundle(tiny_bundle), "cpu").encode_patches(tensor)
    assert patches.shape == (tiny.DEPTH, tiny.GRID, tiny.GRID)


class Dropped:
    """A session that was asked for a device and quietly runs on the CPU."""

    def __init__(self, graph, options, providers):
        assert providers == ["CUDAExecutionProvider", CPU]

    def get_providers(self):
        return [CPU]


def test_a_session_that_silently_drops_its_device_is_refused(tiny_bundle, monkeypatch):
    runtime = onnxruntime()
    offered = ["CUDAExecutionProvider", CPU]
    monkeypatch.setattr(runtime, "get_available_providers", lambda: offered)
    monkeypatch.setattr(runtime, "InferenceSession", Dropped)
    with pytest.raises(InferenceError, match="fell back"):
        Sessions(load_bundle(tiny_bundle), "cuda")
