from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from afloc_training.site.checking import Look
from afloc_training.site.planes import JOURNAL, MANIFEST, PLANES, PlaneWriter, quantised
from afloc_training.site.values import Film

from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.preprocess import PreprocessSpec, prepare

SPEC = PreprocessSpec(1, 8, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.5, 0.25, 0.0)


def prepared(value: float = 1.0):
    pixels = np.linspace(0, value, 32, dtype=np.float32).reshape(4, 8)
    return prepare(pixels, SPEC, padding=None)


def add(writer: PlaneWriter, key: str) -> int:
    look = Look("0" * 64, 4, 8, is_blank=False)
    return writer.add(key, prepared(), look, SPEC).place


def test_a_plane_has_256_steps_and_nothing_outside_the_film():
    values = quantised(prepared(), SPEC)
    assert (values[2, 0], values[5, 7]) == (0, 255)
    assert not values[:2].any()
    assert not values[6:].any()


def test_another_run_finds_what_was_flushed(tmp_path):
    writer = PlaneWriter(tmp_path, SPEC)
    add(writer, "one")
    writer.flush()
    add(writer, "two")  # never flushed: as if the run was killed
    again = PlaneWriter(tmp_path, SPEC)
    assert again.find("one") is not None
    assert again.find("two") is None
    assert add(again, "three") == 1


def test_half_a_line_of_a_killed_run_is_no_film(tmp_path):
    writer = PlaneWriter(tmp_path, SPEC)
    for key in ("one", "two"):
        add(writer, key)
    writer.flush()
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-20])
    again = PlaneWriter(tmp_path, SPEC)
    assert again.find("two") is None
    add(again, "three")
    again.flush()
    third = PlaneWriter(tmp_path, SPEC)
    assert {key for key in ("one", "two", "three") if third.find(key)} == {"one", "three"}


def test_a_film_whose_bytes_are_missing_is_made_again(tmp_path):
    writer = PlaneWriter(tmp_path, SPEC)
    add(writer, "one")
    writer.flush()
    os.truncate(tmp_path / PLANES, 10)
    assert PlaneWriter(tmp_path, SPEC).find("one") is None


def test_other_preprocessing_starts_afresh_and_takes_the_old_store_away(tmp_path):
    writer = PlaneWriter(tmp_path, SPEC)
    add(writer, "one")
    writer.flush()
    (tmp_path / MANIFEST).write_text("{}")
    other = PreprocessSpec(1, 16, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.5, 0.25, 0.0)
    assert PlaneWriter(tmp_path, other).find("one") is None
    assert not (tmp_path / MANIFEST).exists()
    assert not (tmp_path / PLANES).exists()


def test_places_of_forgotten_films_are_wiped_and_used_again(tmp_path):
    writer = PlaneWriter(tmp_path, SPEC)
    places = {key: add(writer, key) for key in ("one", "two", "three")}
    writer.keep_only(["one", "three"])
    data = np.fromfile(tmp_path / PLANES, np.uint8).reshape(3, 8, 8)
    assert [bool(plane.any()) for plane in data] == [True, False, True]
    again = PlaneWriter(tmp_path, SPEC)
    assert again.find("two") is None
    assert add(again, "four") == places["two"]


def test_a_key_tells_nothing_of_the_name_and_changes_with_the_file(tmp_path):
    path = tmp_path / "roe.png"
    path.write_bytes(b"1")
    film = Film(ImageRef(path, 1, "", 0, 0, None), "roe.png", is_picture=True)
    writer = PlaneWriter(tmp_path, SPEC)
    first = writer.key(film)
    assert "roe" not in first
    assert writer.key(film) == first
    path.write_bytes(b"22")
    assert writer.key(film) != first


def test_a_full_disk_is_told_and_keeps_what_was_there(tmp_path, monkeypatch):
    writer = PlaneWriter(tmp_path, SPEC)
    add(writer, "one")
    writer.flush()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "_write_plane", full)
    with pytest.raises(ExportError, match="No space left"):
        add(writer, "two")
    assert PlaneWriter(tmp_path, SPEC).find("one") is not None


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(ExportError):
        PlaneWriter(Path(tmp_path / "none"), SPEC)
