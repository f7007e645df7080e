"""Small data folders as sites have them."""

from __future__ import annotations

import csv
import io
import json
import zlib
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from afloc_training.cli import main

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("image", "report", "patient_id", "split", "view")


def noise(seed: int, size: int = 256) -> np.ndarray:
    """A film unlike any other, uint8, dark above the shoulders."""
    film = np.random.default_rng(seed).integers(0, 255, (size, size), dtype=np.uint8)
    film[: size // 8] = 0
    return film


class Site:
    """A data folder in the making: pictures, and a table that names them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: list[tuple[str, ...]] = []
        root.mkdir(parents=True, exist_ok=True)

    def picture(self, name: str, seed: int | None = None, size: int = 256) -> str:
        """Write a film; no other name gives the same unless the seed does."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = noise(zlib.crc32(name.encode()) if seed is None else seed, size)
        PIL.Image.fromarray(pixels).save(path, compress_level=1)
        return name

    def row(self, image: str, report: str, patient: str, split: str = "", view: str = "PA") -> int:
        """Add a row; its number as a spreadsheet counts."""
        self.rows.append((image, report, patient, split, view))
        return len(self.rows) + 1

    def case(self, name: str, report: str, patient: str, split: str = "") -> int:
        """A film and its row."""
        return self.row(self.picture(name), report, patient, split)

    def write_table(self, name: str = "reports.csv") -> Path:
        """Write the rows so far."""
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([HEAD, *self.rows])
        (self.root / name).write_text(stream.getvalue(), encoding="utf-8", newline="")
        return self.root / name


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path / "data")


@pytest.fixture
def train(tiny_bundle_master, capsys):
    """Run a verb for the tiny bundle, or another; its exit code and its JSON lines."""

    def run(verb: str, *arguments: object) -> tuple[int, list[dict]]:
        given = [str(argument) for argument in arguments]
        code = main([verb, "--bundle", str(tiny_bundle_master), *given, "--json"])
        lines = capsys.readouterr().out.splitlines()
        return code, [json.loads(line) for line in lines]

    return run
