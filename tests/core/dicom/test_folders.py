import os

import pytest
from bars import in_time

from afloc_desktop.core.dicom.entry import Entry
from afloc_desktop.core.dicom.folders import find_files
from afloc_desktop.core.errors import Cancelled


def names(*paths, should_stop=lambda: False):
    """Files by name, refusals by name and reason."""
    return [
        (os.path.basename(found.path), found.reason)
        if isinstance(found, Entry)
        else os.path.basename(found)
        for found in find_files(paths, should_stop)
    ]


def write(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_files_come_before_folders_each_by_name(tmp_path):
    write(tmp_path / "b" / "3", tmp_path / "a" / "2", tmp_path / "z", tmp_path / "1")
    assert names(tmp_path) == ["1", "z", "2", "3"]


def test_no_file_comes_twice_however_it_is_given(tmp_path):
    write(tmp_path / "a" / "1", tmp_path / "2")
    assert names(tmp_path / "2", tmp_path, tmp_path / "a" / "1", tmp_path / "a") == ["2", "1"]


def test_an_empty_folder_is_told_even_when_it_was_walked(tmp_path):
    write(tmp_path / "1")
    (tmp_path / "empty").mkdir()
    assert names(tmp_path, tmp_path / "empty") == ["1", ("empty", "The folder is empty.")]


def test_what_does_not_exist_is_told(tmp_path):
    write(tmp_path / "1")
    ((name, reason),) = names(tmp_path, tmp_path / "none")[1:]
    assert (name, "does not exist" in reason) == ("none", True)


def test_a_huge_folder_can_be_left(tmp_path):
    write(*(tmp_path / str(n) for n in range(20)))
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        names(tmp_path, should_stop=lambda: next(asked))


def test_a_folder_full_of_traps_is_listed_in_time(tmp_path):
    folder = tmp_path / "traps"
    write(folder / "film", folder / ("n" * 240), folder / "line\nfeed", tmp_path / "outside")
    deep = folder
    for _ in range(30):
        deep = deep / ("d" * 30)
    write(deep / "bottom")
    (folder / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "broken").symlink_to("nowhere")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "away").symlink_to(tmp_path / "outside")
    (folder / "twin").symlink_to(folder / "film")
    os.mkfifo(folder / "pipe")
    with open(os.fsencode(folder) + b"/bad\xff", "wb"):
        pass
    with in_time("listing traps", 5):
        found = names(folder)
    refused = dict(found_one for found_one in found if isinstance(found_one, tuple))
    assert refused.keys() == {"loop", "self", "broken", "zero", "away", "pipe"}
    assert "not a regular file" in refused["pipe"]
    assert {f for f in found if isinstance(f, str)} == {
        "film",
        "n" * 240,
        "line\nfeed",
        "bad\udcff",
        "bottom",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_folder_that_is_closed_costs_itself_only(tmp_path):
    write(tmp_path / "1", tmp_path / "shut" / "2")
    (tmp_path / "shut").chmod(0)
    try:
        assert names(tmp_path)[0] == "1"
        assert "cannot be read" in names(tmp_path)[1][1]
    finally:
        (tmp_path / "shut").chmod(0o700)
