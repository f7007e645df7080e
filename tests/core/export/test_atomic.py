import os
import stat
import subprocess
import sys

import pytest
from injecting import can_inject

from afloc_desktop.core.errors import ExportError, InvalidObject
from afloc_desktop.core.export import atomic
from afloc_desktop.core.export.atomic import (
    claim,
    make_folder,
    sweep,
    write_atomically,
    write_free,
)


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


def test_a_check_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    write_atomically(tmp_path / "a.bin", b"old")

    def refuse(place, data):
        assert place.read_bytes() == data == b"new"
        raise InvalidObject("It is odd.", remedy="Look again.")

    for name in ("a.bin", "b.bin"):
        with pytest.raises(InvalidObject):
            write_atomically(tmp_path / name, b"new", check=refuse)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.bin", b"old")]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_a_file_is_written_whether_or_not_it_can_start_without_a_name(
    tmp_path, monkeypatch, is_nameless
):
    if not is_nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    seen = []
    for content in (b"one", b"two"):
        write_atomically(tmp_path / "a", content, check=lambda place, _: seen.append(place))
    assert (tmp_path / "a").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    if hasattr(os, "O_TMPFILE") == is_nameless:
        assert {place.parent == tmp_path for place in seen} == {not is_nameless}


def test_what_a_killed_process_left_is_swept_and_what_is_being_written_stays(tmp_path):
    left, held = tmp_path / f".part-{'0' * 16}", tmp_path / f".part-{'1' * 16}"
    kept = [tmp_path / ".part-of-a-novel", tmp_path / "a.part-0000000000000000"]
    for path in (left, *kept):
        path.write_bytes(b"half")
    with open(held, "wb") as stream:
        assert claim(stream.fileno())
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([held, *kept])
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    sweep(tmp_path / "none")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_sweeping_neither_waits_for_a_pipe_nor_follows_a_link(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"x")
    os.mkfifo(tmp_path / f".part-{'0' * 16}")
    (tmp_path / f".part-{'1' * 16}").symlink_to(precious)
    sweep(tmp_path)
    assert precious.read_bytes() == b"x"


@pytest.mark.parametrize("system", ["nameless", "links", "neither"])
def test_a_name_that_is_taken_is_left_alone_and_the_next_is_used(tmp_path, monkeypatch, system):
    if system != "nameless":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if system == "neither":
        monkeypatch.setattr(os, "link", no_link)
    (tmp_path / "a.txt").write_bytes(b"mine")
    # Another process takes the name between the look and the writing.
    names = [tmp_path / "a.txt", tmp_path / "a-2.txt"]
    monkeypatch.setattr(atomic, "free_path", lambda *words: names.pop(0))
    assert write_free(tmp_path, "a", ".txt", b"yours").name == "a-2.txt"
    held = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert held == {"a.txt": b"mine", "a-2.txt": b"yours"}


def no_link(*words, **more):
    raise PermissionError(1, "Operation not permitted")


WRITE = """
import sys
from pathlib import Path
from afloc_desktop.core.errors import ExportError, InvalidObject
from afloc_desktop.core.export.atomic import write_atomically
import hashlib, resource
def check(place, data):
    assert place.read_bytes() == data
if len(sys.argv) > 2:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    write_atomically(Path(sys.argv[1]), b"x" * 300_000, check=check)
except ExportError as error:
    print(error)
    raise SystemExit(3)
"""


def write_elsewhere(path, *words, before=()):
    command = [*before, sys.executable, "-c", WRITE, str(path), *words]
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # no calls but those under test
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=quiet
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("was_there", [True, False])
def test_a_file_that_grows_too_large_leaves_what_was_there(tmp_path, was_there):
    path = tmp_path / "a.bin"
    if was_there:
        path.write_bytes(b"old")
    done = write_elsewhere(path, "100000")
    assert (done.returncode, "too large" in done.stdout) == (3, True)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == (
        [("a.bin", b"old")] if was_there else []
    )
    assert write_elsewhere(path).returncode == 0
    assert path.stat().st_size == 300_000


@pytest.mark.slow
@pytest.mark.skipif(not can_inject(), reason="needs strace and the right to use it")
@pytest.mark.parametrize("fault", ["error=ENOSPC", "signal=KILL"])
@pytest.mark.parametrize(
    ("call", "was_there"),
    [
        ("write", False),
        ("write", True),
        ("fsync", False),
        ("fsync", True),
        ("linkat", False),
        ("linkat", True),
        ("rename", True),  # a new name is given by the link alone
    ],
)
def test_whatever_call_fails_the_name_is_absent_old_or_whole(tmp_path, call, fault, was_there):
    path, whole = tmp_path / "a.bin", b"x" * 300_000
    if was_there:
        path.write_bytes(b"old")
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when=1"]
    done = write_elsewhere(path, before=["strace", "-qq", "-o", os.devnull, *inject])
    # The fault was met: said so, or died of it.
    assert done.returncode == (3 if fault.startswith("error") else -9), done.stderr
    if fault.startswith("error"):
        assert "No space left" in done.stdout
    assert path.exists() == was_there
    assert not was_there or path.read_bytes() in (b"old", whole)
    rest = [p for p in tmp_path.iterdir() if p != path]
    # Only a replacement that is killed between its two names leaves a file: its whole self.
    assert [p.read_bytes() for p in rest] in (
        [[], [whole]] if (call, fault) == ("rename", "signal=KILL") else [[]]
    )
    assert write_elsewhere(path).returncode == 0
    assert path.read_bytes() == whole
