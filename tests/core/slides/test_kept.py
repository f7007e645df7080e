import os
import subprocess
import sys

import numpy as np
import pytest
from injecting import can_inject

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.slides.kept import CELLS, Kept, make_room
from afloc_desktop.core.slides.regions import Place

KEY, DEPTH = "a" * 64, 5


def cells(seed):
    return np.random.default_rng(seed).normal(size=(CELLS * CELLS, DEPTH)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "slides" / "one.slide"


def filled(path, count=3):
    kept = Kept(path, KEY, DEPTH)
    for number in range(count):
        kept.append(Place(number, 7), cells(number), seen=100 + number)
    kept.close()


def read(path, key=KEY):
    kept = Kept(path, key, DEPTH)
    parts = list(kept.read())
    kept.close()
    if not parts:
        return [], np.empty((0, CELLS * CELLS, DEPTH))
    places = np.concatenate([p for p, _ in parts])
    return [tuple(map(int, place)) for place in places], np.concatenate([c for _, c in parts])


def test_windows_come_back_as_they_were_but_for_half_precision(path):
    filled(path)
    places, found = read(path)
    assert places == [(0, 7), (1, 7), (2, 7)]
    for number in range(3):
        # A half has eleven bits, of the largest of a window.
        error = np.abs(found[number] - cells(number)).max()
        assert error <= np.abs(cells(number)).max() * 2**-11


def test_small_differences_of_large_numbers_are_kept(path):
    """Raw products: vectors that are nearly alike everywhere, a thousand times as long."""
    base = np.full((16, DEPTH), 1000, np.float32)
    kept = Kept(path, KEY, DEPTH)
    kept.append(Place(0, 0), base + cells(1), seen=1)
    ((_, found),) = list(kept.read())
    kept.close()
    assert np.abs(found[0] - base - cells(1)).max() <= 4 * 2**-10


def test_very_large_and_all_zero_vectors_are_kept_too(path):
    kept = Kept(path, KEY, DEPTH)
    kept.append(Place(0, 0), cells(1) * np.float32(1e9), seen=1)
    kept.append(Place(1, 0), np.zeros((16, DEPTH), np.float32), seen=2)
    ((_, found),) = list(kept.read())
    kept.close()
    assert found[0] == pytest.approx(cells(1) * 1e9, rel=1e-2, abs=1e6)
    assert not found[1].any()


def test_it_knows_which_windows_it_has_and_what_their_pixels_were(path):
    filled(path)
    kept = Kept(path, KEY, DEPTH)
    assert len(kept) == 3
    assert Place(2, 7) in kept
    assert Place(3, 7) not in kept
    assert kept.seen == {Place(n, 7): 100 + n for n in range(3)}
    kept.close()


@pytest.mark.parametrize("cut", [1, 50, 171])
def test_a_torn_end_costs_the_last_window_and_nothing_else(path, cut):
    filled(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - cut)
    assert read(path)[0] == [(0, 7), (1, 7)]
    kept = Kept(path, KEY, DEPTH)
    kept.append(Place(2, 7), cells(2), seen=102)
    kept.close()
    filled(whole := path.with_name("whole.slide"))
    assert path.read_bytes() == whole.read_bytes()


def test_a_flipped_bit_costs_what_comes_from_there_on(path):
    filled(path)
    data = bytearray(path.read_bytes())
    data[-300] ^= 4  # in the second window
    path.write_bytes(data)
    assert read(path)[0] == [(0, 7)]


@pytest.mark.parametrize("content", [b"", b"AFLoc slide 1\n", b"something else " * 40])
def test_a_file_that_is_none_of_ours_is_begun_anew(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert read(path)[0] == []
    filled(path)
    assert len(read(path)[0]) == 3


def test_a_file_of_another_key_is_begun_anew(path):
    filled(path)
    assert read(path, key="b" * 64)[0] == []


def test_two_do_not_write_one_file(path):
    kept = Kept(path, KEY, DEPTH)
    with pytest.raises(ExportError, match="Another program"):
        Kept(path, KEY, DEPTH)
    kept.close()
    Kept(path, KEY, DEPTH).close()


def test_what_nobody_holds_any_more_is_free(path):
    kept = Kept(path, KEY, DEPTH)
    del kept
    Kept(path, KEY, DEPTH).close()


def test_reading_goes_on_where_windows_are_appended_in_between(path, monkeypatch):
    monkeypatch.setattr("afloc_desktop.core.slides.kept._READ_BYTES", 1)
    filled(path)
    kept = Kept(path, KEY, DEPTH)
    windows = kept.read()
    assert next(windows)[0].tolist() == [[0, 7]]
    kept.append(Place(9, 9), cells(9), seen=9)
    assert [places.tolist() for places, _ in windows] == [[[1, 7]], [[2, 7]], [[9, 9]]]
    kept.close()


def test_forgetting_leaves_nothing(path):
    filled(path)
    kept = Kept(path, KEY, DEPTH)
    kept.forget()
    assert len(kept) == 0
    kept.append(Place(4, 4), cells(4), seen=4)
    kept.close()
    assert read(path)[0] == [(4, 4)]


def test_only_its_owner_may_read_the_file(path):
    filled(path)
    assert os.name == "nt" or path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_is_told_in_words(tmp_path):
    (tmp_path / "slides").write_bytes(b"a file")
    with pytest.raises(ExportError):
        Kept(tmp_path / "slides" / "one.slide", KEY, DEPTH)


def test_slides_of_long_ago_make_room_and_the_one_in_use_stays(tmp_path, monkeypatch):
    names = ["old", "older", "in use", "new"]
    for age, name in zip((20, 30, 40, 10), names, strict=True):
        filled(tmp_path / f"{name}.slide")
        os.utime(tmp_path / f"{name}.slide", (1e9 - age, 1e9 - age))
    (tmp_path / "other.txt").write_text("not ours")
    size = (tmp_path / "new.slide").stat().st_size
    monkeypatch.setattr("afloc_desktop.core.slides.kept._MOST_BYTES", 2 * size)
    make_room(tmp_path, tmp_path / "in use.slide")
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["in use", "new", "other"]


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from afloc_desktop.core.slides.kept import Kept
from afloc_desktop.core.slides.regions import Place
kept = Kept(Path(sys.argv[1]), "a" * 64, 5)
for number in range(1000):
    kept.append(Place(number, 0), np.full((16, 5), number, np.float32), number)
    print(number, flush=True)
    if number == 41:
        os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such end there")
def test_what_a_killed_process_said_it_kept_is_there(path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, timeout=60, check=False
    )
    said = len(done.stdout.split())
    assert said == 42
    assert len(read(path)[0]) == said


@pytest.mark.skipif(not can_inject(), reason="needs strace that may inject faults")
def test_a_full_disk_is_told_and_costs_no_window(path):
    script = KILLED.replace("os.kill(os.getpid(), 9)", "sys.exit(1)")
    command = ["strace", "-f", "-o", os.devnull, "-e", "trace=write", "-P", str(path)]
    command += ["-e", "inject=write:error=ENOSPC:when=12+", sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert b"cannot be kept: No space left" in done.stderr
    said = len(done.stdout.split())
    assert len(read(path)[0]) == said == 10  # the first write is the header's
