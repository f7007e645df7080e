"""The record every exported object carries, so that nothing about a result is lost on the way.

One private element (0071,xx01) of our own block, in JSON: readers that do not know it lose
nothing they could show, we get back every field. Outlines are not repeated in it, they are what
the object itself shows.
"""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.domain import Finding, Prompt, Provenance, Region
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.export.selection import FilmResults, Statement
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydicom.dataset import Dataset

SCHEMA = 1
_GROUP, _CREATOR, _ELEMENT = 0x0071, "AFLOC", 0x01
_LONGEST = 4_000_000  # characters; twenty findings of twenty regions take 100,000
_STATUSES = ("proposed", "accepted", "edited", "rejected")


def tracking_uid(image_uid: str, frame: int, statement: Statement, region: Region) -> str:
    """The identifier that one region has in every object that shows it.

    The same region of the same film always gets the same: SEG and SR written on different days
    still belong together.

    Args:
        image_uid: SOP Instance UID of the film, as the objects name it.
        frame: 1-based.
        statement: What was found.
        region: One of its regions.
    """
    finding = statement.finding
    outline = ";".join(f"{x:.2f},{y:.2f}" for x, y in region.outline)
    parts = (image_uid, str(frame), finding.id, finding.prompt.words, outline)
    digest = hashlib.sha256("\0".join((*parts, finding.provenance.bundle_sha256)).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def tracking_id(statement: Statement, number: int) -> str:
    """The name of one region for people: what was found, and the how-manieth region of it."""
    return f"{statement.label} {number}"


def put_record(dataset: Dataset, kind: str, results: FilmResults, image_uid: str) -> None:
    """Write what was stated, by what and by whom, into a new object.

    Args:
        dataset: The object.
        kind: Of the exporter.
        results: What the object shows.
        image_uid: SOP Instance UID of the film, as the object names it.
    """
    image = results.image
    document = {
        "schema": SCHEMA,
        "kind": kind,
        "image": {
            "sop_instance_uid": image_uid,
            "frame": image.ref.frame,
            "pixel_sha256": image.pixel_sha256,
            "rows": results.rows,
            "columns": results.columns,
        },
        "statements": [_entry(s, image_uid, image.ref.frame) for s in results.stated],
    }
    block = dataset.private_block(_GROUP, _CREATOR, create=True)
    # ASCII alone: it is right in any character set.
    block.add_new(_ELEMENT, "UT", json.dumps(document, allow_nan=False))


def get_record(dataset: Dataset) -> dict[str, Any] | None:
    """The record of an object; None where it is not one of ours.

    Raises:
        UnreadableFile: It was one of ours, and its record is damaged.
    """
    try:
        text = dataset.private_block(_GROUP, _CREATOR)[_ELEMENT].value
    except KeyError:
        return None
    try:
        document = json.loads(text[:_LONGEST])
        if document["schema"] != SCHEMA:
            raise ValueError
        for entry in document["statements"]:
            statement_of(entry, ())
            every = dict.fromkeys((r["tracking_uid"] for r in entry["regions"]), (Point(0, 0),))
            regions_of(entry, every)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnreadableFile(
            "The record of this result is damaged or of another version.",
            remedy="Export the findings again.",
        ) from None
    return dict(document)


def statement_of(entry: dict[str, Any], regions: tuple[Region, ...]) -> Statement:
    """A statement out of a record.

    Args:
        entry: One of its `statements`.
        regions: As the object itself shows them.
    """
    peak = entry["peak"]
    if entry["status"] not in _STATUSES:
        raise ValueError(entry["status"])
    finding = Finding(
        id=str(entry["id"]),
        prompt=Prompt(**entry["prompt"]),
        similarity=_number(entry["similarity"]),
        threshold=_number(entry["threshold"]),
        level=_number(entry["level"]),
        is_present=bool(entry["is_present"]),
        probability=None if entry["probability"] is None else _number(entry["probability"]),
        peak=None if peak is None else Point(*map(float, peak)),
        regions=regions,
        status=entry["status"],
        author=str(entry["author"]),
        provenance=Provenance(**entry["provenance"]),
    )
    return Statement(str(entry["label"]), finding)


def regions_of(
    entry: dict[str, Any], outlines: Mapping[str, tuple[Point, ...]]
) -> tuple[Region, ...]:
    """The regions of one entry of a record, where the object still shows them.

    Args:
        entry: One of its `statements`.
        outlines: As the object shows them, by tracking UID; source pixels.
    """
    found = []
    for region in entry["regions"]:
        outline = outlines.get(region["tracking_uid"])
        if not outline:
            continue
        xs, ys = [p.x for p in outline], [p.y for p in outline]
        area = region["area_mm2"]
        found.append(
            Region(
                outline=outline,
                box=Box(min(xs), min(ys), max(xs), max(ys)),
                peak=Point(*map(float, region["peak"])),
                similarity=_number(region["similarity"]),
                area_mm2=None if area is None else float(area),
            )
        )
    return tuple(found)


def _entry(statement: Statement, image_uid: str, frame: int) -> dict[str, Any]:
    finding = statement.finding
    return {
        "label": statement.label,
        "id": finding.id,
        "prompt": asdict(finding.prompt),
        "similarity": _finite(finding.similarity),
        "threshold": _finite(finding.threshold),
        "level": _finite(finding.level),
        "is_present": finding.is_present,
        "probability": finding.probability,
        "peak": finding.peak,
        "status": finding.status,
        "author": finding.author,
        "provenance": asdict(finding.provenance),
        "map_range": _map_range(statement),
        "regions": [
            {
                "tracking_uid": tracking_uid(image_uid, frame, statement, region),
                "similarity": _finite(region.similarity),
                "peak": region.peak,
                "area_mm2": region.area_mm2,
            }
            for region in statement.regions
        ],
    }


def _map_range(statement: Statement) -> list[float] | None:
    """Lowest and highest similarity of the map; None where there is none or it saw nothing."""
    if statement.heatmap is None or not np.isfinite(statement.heatmap.similarity).any():
        return None
    values = statement.heatmap.similarity
    return [float(np.nanmin(values)), float(np.nanmax(values))]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
