"""A prepared store: films as bytes, sentences without identifiers, and nothing else.

`planes.u8` holds the films, `cases.jsonl` what was reported of them, `store.json` how they were
made and the hash of the cases. No names, no paths, no dates.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.export.atomic import write_atomically
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.strict_json import strict_object
from afloc_training.site.planes import MANIFEST, PLANES, plane_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray
    from afloc_training.afloc.terms import Modality

SCHEMA = 1
CASES = "cases.jsonl"
_REMEDY = "Make the store again with `afloc-train prepare`."


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence about a film; `section` is findings or impression."""

    text: str
    section: str


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A film and what was reported of it.

    Attributes:
        plane: Its place in the file of films.
        frame: top, left, height, width of the film in its plane.
        pixel_sha256: Of the film's stored values: the same film elsewhere has the same.
        patient, study: Made up; the same patient has the same one.
        split: `train`, `dev` or `test`; no patient is in two.
        view: `frontal` or `unknown`; of a photograph of an eye `right`, `left` or `unknown`.
        sex: `F`, `M`, `O` or empty.
        age_group: Such as `40-64`; empty where unknown.
        scanner: Made up; empty where unknown.
        is_normal: Every sentence says that something is normal or absent.
        sentences: In the order of the report.
    """

    plane: int
    frame: tuple[int, int, int, int]
    pixel_sha256: str
    patient: str
    study: str
    split: str
    view: str
    sex: str
    age_group: str
    scanner: str
    is_normal: bool
    sentences: tuple[StoredSentence, ...]


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """How a store was made.

    Attributes:
        bundle_id: The bundle whose preprocessing it follows.
        preprocess: What made the planes.
        cases_sha256: Of the file of cases.
        planes: In the file of films.
        replaced: Identifiers taken out of sentences, by kind.
        faults: Found on the way, by kind.
        app_version: Of the application.
        modality: What the bundle was made for, as in its manifest.
    """

    bundle_id: str
    preprocess: PreprocessSpec
    cases_sha256: str
    planes: int
    replaced: dict[str, int]
    faults: dict[str, int]
    app_version: str
    modality: Modality = "cxr"


class Store:
    """An opened store; films stay on disk until a batch asks for them."""

    def __init__(self, folder: Path) -> None:
        """Open a store and check it.

        Raises:
            DatasetError: Absent, of another version, damaged, or not finished.
        """
        self.info = _read_info(folder / MANIFEST)
        self.cases = _read_cases(folder / CASES, self.info)
        shape = (self.info.planes, *plane_shape(self.info.preprocess))
        path = folder / PLANES
        expected = math.prod(shape)
        if self.info.planes and (not path.is_file() or path.stat().st_size < expected):
            raise _damaged()
        self._planes: npt.NDArray[np.uint8] = (
            np.memmap(path, np.uint8, "r", shape=shape)
            if self.info.planes
            else np.empty(shape, np.uint8)
        )

    @property
    def has_colour(self) -> bool:
        """Whether its films are photographs."""
        return self.info.preprocess.planes != "grey"

    def of_split(self, split: str) -> tuple[int, ...]:
        """Numbers of the cases of a split."""
        return tuple(n for n, case in enumerate(self.cases) if case.split == split)

    def planes(self, numbers: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Films of some cases as stored: 0-255, (len, side, side), or (len, 3, side, side)."""
        return np.asarray(self._planes[[self.cases[n].plane for n in numbers]])

    def frame(self, number: int) -> tuple[float, float, float, float]:
        """top, left, height, width of a film in its plane, as shares of the side."""
        top, left, height, width = self.cases[number].frame
        side = self.info.preprocess.side
        return top / side, left / side, height / side, width / side

    def batch(self, numbers: Sequence[int]) -> FloatArray:
        """Network inputs of some cases: float32, shape (len, channels, side, side).

        Within half a step of 1/255 before the division by `std` of what the desktop computes.
        """
        spec = self.info.preprocess
        steps = np.arange(256, dtype=np.float32) / np.float32(255)
        table = (steps - np.float32(spec.mean)) / np.float32(spec.std)
        values: FloatArray = np.take(table, self.planes(numbers))
        pad = np.float32((spec.pad - spec.mean) / spec.std)
        if pad != table[0]:
            for value, number in zip(values, numbers, strict=True):
                _fill_outside(value, self.cases[number].frame, pad)
        planes = values if self.has_colour else values[:, None]
        return np.repeat(planes, spec.channels // planes.shape[1], axis=1)


def write_store(folder: Path, info: StoreInfo, cases: Sequence[StoredCase]) -> StoreInfo:
    """Write cases and manifest beside the planes; the manifest last, it makes the store valid.

    Returns:
        `info` with the hash of the cases.

    Raises:
        ExportError: The folder or the disk refuses.
    """
    lines = [json.dumps(asdict(case), ensure_ascii=False, allow_nan=False) for case in cases]
    data = "".join(line + "\n" for line in lines).encode("utf-8")
    whole = dataclasses.replace(info, cases_sha256=hashlib.sha256(data).hexdigest())
    write_atomically(folder / CASES, data)
    text = json.dumps({"schema": SCHEMA, **asdict(whole)}, indent=1, allow_nan=False)
    write_atomically(folder / MANIFEST, text.encode("utf-8"))
    return whole


def _fill_outside(plane: FloatArray, frame: tuple[int, int, int, int], pad: np.float32) -> None:
    top, left, height, width = frame
    plane[..., :top, :] = pad
    plane[..., top + height :, :] = pad
    plane[..., :left] = pad
    plane[..., left + width :] = pad


def _read_info(path: Path) -> StoreInfo:
    try:
        found = strict_object(path.read_text(encoding="utf-8"))
        if found.pop("schema", None) != SCHEMA:
            raise DatasetError("The store was made by another version.", remedy=_REMEDY)
        spec = found.pop("preprocess")
        # Stores of chest films were made before there were others.
        fields = {"modality": "cxr", **found, "preprocess": _exactly(PreprocessSpec, spec)}
        info: StoreInfo = _exactly(StoreInfo, fields)
        return info
    except FileNotFoundError as error:
        raise DatasetError(
            "This folder holds no finished store.",
            remedy="Let `afloc-train prepare` finish; it goes on where it was.",
        ) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged() from error


def _read_cases(path: Path, info: StoreInfo) -> tuple[StoredCase, ...]:
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != info.cases_sha256:
            raise _damaged()
        return tuple(
            _case(strict_object(line), info) for line in data.decode("utf-8").split("\n")[:-1]
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged() from error


def _case(found: dict[str, Any], info: StoreInfo) -> StoredCase:
    sentences = tuple(_exactly(StoredSentence, s) for s in found.pop("sentences"))
    frame = tuple(found.pop("frame"))
    case: StoredCase = _exactly(StoredCase, {**found, "frame": frame, "sentences": sentences})
    if not 0 <= case.plane < info.planes or len(case.frame) != 4:
        raise ValueError("a case points outside the planes")
    return case


def _exactly(kind: type[Any], fields: Mapping[str, Any]) -> Any:
    """A dataclass from exactly its fields; fewer or others are refused."""
    if set(fields) != {field.name for field in dataclasses.fields(kind)}:
        raise ValueError("fields are missing or unknown")
    return kind(**fields)


def _damaged() -> DatasetError:
    return DatasetError("The store is damaged.", remedy=_REMEDY)
