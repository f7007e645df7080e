import dataclasses

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import SelfTestFailed
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions


def run(folder):
    bundle = load_bundle(folder)
    return self_test(bundle, Sessions(bundle, "cpu"))


def change(folder, **arrays):
    path = folder / "selftest.npz"
    with np.load(path) as stored:
        kept = dict(stored)
    np.savez(path, **{**kept, **arrays})
    tiny.sign(folder, tiny.manifest())


def test_a_sound_bundle_computes_what_its_maker_saw(tiny_bundle):
    report = run(tiny_bundle)
    assert report.map_difference < 1e-5
    assert report.word_difference < 1e-5


def test_other_maps_than_the_makers_fail(tiny_bundle):
    change(tiny_bundle, maps=np.zeros((2, tiny.GRID, tiny.GRID), np.float32))
    with pytest.raises(SelfTestFailed, match="maps"):
        run(tiny_bundle)


def test_other_words_than_the_makers_fail(tiny_bundle):
    change(tiny_bundle, word_vectors=np.eye(2, tiny.DEPTH, dtype=np.float32)[::-1])
    with pytest.raises(SelfTestFailed, match="words"):
        run(tiny_bundle)


def test_an_example_that_is_not_a_number_fails(tiny_bundle):
    change(tiny_bundle, maps=np.full((2, tiny.GRID, tiny.GRID), np.nan, np.float32))
    with pytest.raises(SelfTestFailed):
        run(tiny_bundle)


def test_an_example_that_does_not_fit_fails(tiny_bundle):
    np.savez(tiny_bundle / "selftest.npz", tensor=np.zeros((1, 1, tiny.SIDE, tiny.SIDE)))
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(SelfTestFailed, match="fit"):
        run(tiny_bundle)


def test_raw_products_are_measured_by_the_largest_of_them(tiny_bundle):
    heatmap = dataclasses.replace(tiny.manifest().heatmap, similarity="dot", extent="input")
    scaled = 1000 * np.eye(2, tiny.DEPTH, dtype=np.float32)
    with np.load(tiny_bundle / "selftest.npz") as stored:
        kept = dict(stored)
    ids = np.array(["bright_spot", "dark_spot"])
    np.savez(tiny_bundle / "findings.npz", ids=ids, vectors=scaled)
    for factor, fails in ((1000.5, False), (1010, True)):
        np.savez(tiny_bundle / "selftest.npz", **{**kept, "maps": kept["maps"] * factor})
        tiny.sign(tiny_bundle, tiny.manifest(heatmap=heatmap))
        if fails:
            with pytest.raises(SelfTestFailed, match="maps"):
                run(tiny_bundle)
        else:
            assert run(tiny_bundle).map_difference == pytest.approx(5e-4, rel=1e-2)
