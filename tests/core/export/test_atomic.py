import os
import stat

import pytest

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import make_folder, write_atomically


def test_what_is_written_is_whole_and_alone(tmp_path):
    write_atomically(tmp_path / "a.bin", b"one")
    write_atomically(tmp_path / "a.bin", b"two")
    assert (tmp_path / "a.bin").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_others_may_read_results_as_the_umask_says(tmp_path):
    old = os.umask(0o022)
    try:
        write_atomically(tmp_path / "a.bin", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o644


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    write_atomically(tmp_path / "a.bin", b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space") as caught:
        write_atomically(tmp_path / "a.bin", b"new")
    assert caught.value.remedy
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="file"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(ExportError):
        write_atomically(tmp_path / "file" / "a", b"")
