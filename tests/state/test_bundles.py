import dataclasses
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import (
    BundleCorrupt,
    BundleError,
    BundleMissing,
    SelfTestFailed,
    SettingsError,
)
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.state import bundles, models
from afloc_desktop.state.bundles import install, remove, settle, staging, use
from afloc_desktop.state.models import find, installed
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import load_settings, save_settings


@pytest.fixture
def paths(afloc_home) -> Paths:
    return Paths.default()


@pytest.fixture
def quick(monkeypatch):
    """Without the process of the self-test, which has tests of its own."""
    monkeypatch.setattr(bundles, "_test_apart", lambda folder, name: None)


def pack(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    return path


def left(paths: Paths) -> set[str]:
    return {p.name for p in paths.bundles.iterdir()} if paths.bundles.exists() else set()


def test_a_folder_and_an_archive_are_installed_alike(tiny_bundle, tmp_path, paths):
    for source in (tiny_bundle, pack(tiny_bundle, tmp_path / "tiny.aflocbundle")):
        bundle = install(source, paths)
        assert bundle.folder == paths.bundles / "tiny"
        assert bundle.sha256 == load_bundle(tiny_bundle).sha256
        assert left(paths) == {"tiny"}
        assert source.exists()


def test_files_the_manifest_does_not_list_are_not_installed(tiny_bundle, paths, quick):
    (tiny_bundle / "notes.txt").write_text("x", encoding="utf-8")
    install(tiny_bundle, paths)
    assert not (paths.bundles / "tiny" / "notes.txt").exists()


def test_a_bundle_of_the_same_name_is_replaced(tiny_bundle, paths, quick):
    first = install(tiny_bundle, paths)
    tiny.sign(tiny_bundle, tiny.manifest(version="2"))
    assert install(tiny_bundle, paths).sha256 != first.sha256
    assert find(paths, "tiny").manifest.version == "2"
    assert left(paths) == {"tiny"}


def test_a_bundle_that_computes_something_else_is_not_installed(tiny_bundle, paths):
    with np.load(tiny_bundle / "selftest.npz") as stored:
        arrays = dict(stored)
    np.savez(tiny_bundle / "selftest.npz", **{**arrays, "maps": arrays["maps"] + 1})
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(SelfTestFailed, match="maps differ") as caught:
        install(tiny_bundle, paths)
    assert caught.value.remedy
    assert left(paths) == set()


def test_a_self_test_without_end_is_stopped(tiny_bundle, paths, monkeypatch):
    def endless(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", endless)
    with pytest.raises(SelfTestFailed, match="no answer"):
        install(tiny_bundle, paths)
    assert left(paths) == set()


def test_a_damaged_bundle_leaves_the_installed_one_alone(tiny_bundle, paths, quick):
    before = install(tiny_bundle, paths).sha256
    (tiny_bundle / "text.onnx").write_bytes(b"x")
    with pytest.raises(BundleCorrupt):
        install(tiny_bundle, paths)
    assert find(paths, "tiny").sha256 == before
    assert left(paths) == {"tiny"}


@pytest.mark.parametrize("name", ["../tiny", ".tiny", "a b", ""])
def test_an_id_that_is_no_name_is_refused(tiny_bundle, paths, quick, name):
    tiny.sign(tiny_bundle, tiny.manifest(id=name))
    with pytest.raises(BundleError, match="no name"):
        install(tiny_bundle, paths)
    assert left(paths) == set()


def test_a_shipped_bundle_is_neither_replaced_nor_removed(tiny_bundle, paths, quick):
    own = next(e.bundle.manifest.id for e in installed(paths) if e.is_shipped)
    tiny.sign(tiny_bundle, tiny.manifest(id=own))
    with pytest.raises(BundleError, match="ships"):
        install(tiny_bundle, paths)
    with pytest.raises(BundleError, match="stays"):
        remove(own, paths)
    assert find(paths, own)


def test_a_removed_bundle_is_gone_and_no_longer_chosen(tiny_bundle, paths, quick):
    install(tiny_bundle, paths)
    use("tiny", paths)
    assert find(paths, None).manifest.id == "tiny"
    remove("tiny", paths)
    assert left(paths) == set()
    assert load_settings(paths.settings_file).bundle == ""
    with pytest.raises(BundleMissing, match="tiny"):
        remove("tiny", paths)


def test_a_broken_bundle_can_be_removed_by_its_folder(tiny_bundle, paths, quick):
    install(tiny_bundle, paths)
    (paths.bundles / "tiny" / "text.onnx").write_bytes(b"x")
    remove("tiny", paths)
    assert left(paths) == set()


def test_only_an_installed_bundle_can_be_chosen(paths):
    with pytest.raises(BundleMissing, match="nobody"):
        use("nobody", paths)
    assert not paths.settings_file.exists()


def test_a_chosen_bundle_that_breaks_is_told_and_never_silently_replaced(tiny_bundle, paths, quick):
    install(tiny_bundle, paths)
    use("tiny", paths)
    (paths.bundles / "tiny" / "text.onnx").write_bytes(b"x")
    with pytest.raises(BundleCorrupt, match=r"text\.onnx"):
        find(paths, None)


def test_choosing_keeps_the_other_settings(tiny_bundle, paths, quick):
    install(tiny_bundle, paths)
    settings = dataclasses.replace(load_settings(paths.settings_file), opacity=0.2)
    save_settings(paths.settings_file, settings)
    assert use("tiny", paths) == dataclasses.replace(settings, bundle="tiny")
    assert load_settings(paths.settings_file).opacity == 0.2


def test_settings_that_cannot_be_read_stop_no_model_and_no_removal(tiny_bundle, paths, quick):
    install(tiny_bundle, paths)
    paths.settings_file.write_text("schema = 99\n", encoding="utf-8")
    assert models.find(paths, None)
    remove("tiny", paths)
    with pytest.raises(SettingsError):
        use(find(paths, None).manifest.id, paths)


def test_a_folder_that_cannot_be_written_is_told(tiny_bundle, paths):
    paths.bundles.parent.mkdir(parents=True, exist_ok=True)
    paths.bundles.write_text("a file in the way", encoding="utf-8")
    with pytest.raises(BundleError, match="cannot be written"):
        install(tiny_bundle, paths)


def test_a_failed_move_puts_the_earlier_bundle_back(tiny_bundle, paths, quick, monkeypatch):
    before = install(tiny_bundle, paths).sha256
    real = Path.rename

    def fail(self, target):
        if self.name.startswith(".staging"):
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(BundleError, match="No space"):
        install(tiny_bundle, paths)
    monkeypatch.undo()
    assert find(paths, "tiny").sha256 == before


def test_a_staging_folder_is_never_listed_and_always_gone(tiny_bundle, paths, quick):
    with staging(paths) as folder:
        shutil.copytree(tiny_bundle, folder, dirs_exist_ok=True)
        assert all(e.is_shipped for e in installed(paths))
    assert left(paths) == set()
    with staging(paths) as folder:
        shutil.copytree(tiny_bundle, folder / "bundle")
        assert settle(folder / "bundle", paths).manifest.id == "tiny"
    assert left(paths) == {"tiny"}


def test_what_a_killed_installation_left_is_deleted_after_a_day(paths):
    for name, age_s in ((".staging-old", 90_000), (".staging-new", 60)):
        (paths.bundles / name).mkdir(parents=True)
        os.utime(paths.bundles / name, (time.time() - age_s,) * 2)
    with staging(paths):
        pass
    assert left(paths) == {".staging-new"}


def test_hostile_files_and_folders_are_refused_and_nothing_is_left(shared, paths, tmp_path):
    corpus = shared / "corpus/bundles"
    for source in [p for p in corpus.rglob("*") if p.suffix != ".csv"]:
        with pytest.raises(BundleError) as caught:
            install(source, paths)
        assert caught.value.reason
        assert caught.value.remedy
    assert left(paths) == set()
    assert list(tmp_path.iterdir()) == []
    assert not list(Path("/tmp").glob("h6_canary*"))
