import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import BundleCorrupt, InferenceError
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.runtime import CPU
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
    local = Sessions(load_bundle(tiny_bundle), "cpu").encode_image(tensor)["local"]
    assert local.shape == (1, tiny.DEPTH, tiny.GRID, tiny.GRID)
    norm = np.hypot(1, 0.1)
    assert local[0, :2, 0, 0] == pytest.approx([1 / norm, 0], abs=1e-6)
    assert local[0, :2, 5, 5] == pytest.approx([0, 1 / norm], abs=1e-6)


def test_words_become_unit_vectors(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    vectors = sessions.encode_text([[2, 4, 3], [2, 5, 3]], [[1, 1, 1], [1, 1, 1]])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors[:, :2] == pytest.approx(np.eye(2), abs=1e-2)


def test_an_input_that_does_not_fit_is_an_inference_error(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    with pytest.raises(InferenceError):
        sessions.encode_image(np.zeros((1, 2, 3, 3), np.float32))


def test_answers_that_are_not_finite_are_refused(tiny_bundle):
    sessions = Sessions(load_bundle(tiny_bundle), "cpu")
    with pytest.raises(InferenceError, match="finite"):
        sessions.encode_image(np.full((1, 1, tiny.SIDE, tiny.SIDE), np.nan, np.float32))


def test_a_provider_nobody_knows_is_refused_with_the_ones_there_are(tiny_bundle):
    with pytest.raises(InferenceError, match="abacus") as caught:
        Sessions(load_bundle(tiny_bundle), "abacus")
    assert "cpu" in caught.value.remedy
