import os

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import BundleCorrupt
from afloc_desktop.core.model import kept as kept_module
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.kept import GRAPH, WEIGHTS, KeptGraphs
from afloc_desktop.core.model.session import Sessions

FILM = np.random.default_rng(0).random((1, 1, tiny.SIDE, tiny.SIDE)).astype(np.float32)
DIGEST = "5" * 64


@pytest.fixture
def graphs(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_module, "processor_name", lambda: "avx2 fma")
    return KeptGraphs(tmp_path / "graphs")


def written(graph, weights):
    graph.write_bytes(b"graph")
    graph.with_name(weights).write_bytes(b"weights")
    return True


def test_a_kept_network_computes_the_very_numbers_of_the_bundles_own(graphs, tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    own = Sessions(bundle, "cpu", kept=graphs)
    own.keep()
    again = Sessions(bundle, "cpu", kept=graphs)
    assert (own.is_kept, again.is_kept) == (False, True)
    assert again.runs_on == own.runs_on
    assert np.array_equal(again.encode_patches(FILM), own.encode_patches(FILM))


def test_a_kept_network_never_stands_in_for_a_damaged_one(graphs, tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    Sessions(bundle, "cpu", kept=graphs).keep()
    (tiny_bundle / "image.onnx").write_bytes(b"something else")
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        Sessions(bundle, "cpu", kept=graphs)


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS])
def test_one_changed_byte_is_noticed(graphs, name):
    graphs.make(DIGEST, written, lambda graph: True)
    graph = graphs.find(DIGEST)
    assert graph is not None
    graph.with_name(name).write_bytes(b"Graph")
    assert graphs.find(DIGEST) is None


@pytest.mark.parametrize("is_written", [True, False])
def test_what_cannot_be_written_or_computes_something_else_is_not_kept(graphs, is_written):
    graphs.make(DIGEST, lambda *names: is_written and written(*names), lambda graph: False)
    assert graphs.find(DIGEST) is None
    assert list(graphs._folder.iterdir()) == []


def test_a_place_that_cannot_be_written_to_costs_nothing_but_speed(graphs):
    graphs._folder.write_text("a file")
    graphs.make(DIGEST, written, lambda graph: True)
    assert graphs.find(DIGEST) is None


def test_another_processor_gets_none_and_one_that_cannot_be_told_keeps_none(graphs, monkeypatch):
    graphs.make(DIGEST, written, lambda graph: True)
    monkeypatch.setattr(kept_module, "processor_name", lambda: "avx2 fma avx512f")
    assert graphs.find(DIGEST) is None
    monkeypatch.setattr(kept_module, "processor_name", lambda: "")
    graphs.make(DIGEST, written, lambda graph: True)
    assert graphs.find(DIGEST) is None


def test_the_oldest_leave(graphs):
    for number in range(9):
        graphs.make(f"{number}" * 64, written, lambda graph: True)
        os.utime(graphs._place(f"{number}" * 64), (number, number))
    graphs.make("a" * 64, written, lambda graph: True)
    found = [graphs.find(f"{number}" * 64) is not None for number in (0, 1, 2, "a")]
    assert found == [False, False, True, True]
