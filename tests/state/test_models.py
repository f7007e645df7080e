import shutil

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import BundleCorrupt, BundleMissing, SelfTestFailed
from afloc_desktop.state import models
from afloc_desktop.state.paths import Paths


@pytest.fixture
def paths(tiny_bundle, monkeypatch, tmp_path):
    """One installed bundle, the tiny one, and none shipped."""
    monkeypatch.setattr(models, "shipped", lambda name: tmp_path / "shipped" / name)
    root = Paths.default()
    shutil.copytree(tiny_bundle, root.bundles / "tiny")
    return root


def test_an_installed_bundle_is_listed_and_opened(paths):
    (entry,) = models.installed(paths)
    assert (entry.bundle.manifest.id, entry.is_shipped, entry.error) == ("tiny", False, None)
    assert models.open_default(paths).manifest.id == "tiny"


def test_a_damaged_bundle_costs_only_itself(paths, tiny_bundle):
    shutil.copytree(tiny_bundle, paths.bundles / "a-damaged")
    (paths.bundles / "a-damaged" / "image.onnx").write_bytes(b"")
    damaged, sound = models.installed(paths)
    assert isinstance(damaged.error, BundleCorrupt)
    assert sound.bundle is not None
    assert models.open_default(paths).manifest.id == "tiny"


def test_a_damaged_bundle_alone_says_what_is_wrong_with_it(paths):
    (paths.bundles / "tiny" / "image.onnx").write_bytes(b"")
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        models.open_default(paths)


def test_no_bundle_at_all_is_said(paths):
    shutil.rmtree(paths.bundles)
    with pytest.raises(BundleMissing):
        models.open_default(paths)


def test_an_id_that_is_not_installed_is_named(paths):
    with pytest.raises(BundleMissing, match="other"):
        models.find(paths, "other")


def test_half_written_folders_are_not_bundles(paths):
    (paths.bundles / ".part-new").mkdir()
    assert len(models.installed(paths)) == 1


def test_the_self_test_runs_before_first_use_and_only_then(paths, monkeypatch):
    from afloc_desktop.core.model import selftest

    runs = []
    original = selftest.self_test
    monkeypatch.setattr(selftest, "self_test", lambda *a: runs.append(a) or original(*a))
    models.open_default(paths)
    models.open_default(paths)
    assert len(runs) == 1


def test_a_bundle_that_fails_its_self_test_is_not_opened(paths):
    import numpy as np

    folder = paths.bundles / "tiny"
    with np.load(folder / "selftest.npz") as stored:
        arrays = dict(stored)
    np.savez(folder / "selftest.npz", **{**arrays, "maps": arrays["maps"] + 0.1})
    tiny.sign(folder, tiny.manifest())
    with pytest.raises(SelfTestFailed):
        models.open_default(paths)


def test_a_damaged_memory_of_self_tests_only_runs_them_again(paths):
    paths.cache.mkdir(parents=True)
    (paths.cache / "selftests.json").write_text("{", encoding="utf-8")
    assert models.open_default(paths).manifest.id == "tiny"


def test_what_is_shipped_is_found():
    assert models.shipped("bundles").is_dir()
    assert models.sample_study().is_dir()
