"""Findings to export, on films with answers worked out by hand."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import (
    Finding,
    Heatmap,
    IdentityKey,
    Prompt,
    Provenance,
    Region,
    SlideHeatmap,
)
from afloc_desktop.core.export.objects import NewSeries, Page
from afloc_desktop.core.export.selection import FilmResults, Statement
from afloc_desktop.core.export.source import read_source
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.slides.slide import Slide

MADE_BY = Provenance(
    bundle_id="tiny",
    bundle_sha256="ab" * 32,
    preprocess_fingerprint="cd" * 32,
    app_version="0.9.1",
    provider="CPUExecutionProvider",
    created="2026-01-02T03:04:05+00:00",
)
# A square of 20 x 10 pixels, its corners on pixel corners.
SQUARE = (Point(20, 30), Point(40, 30), Point(40, 40), Point(20, 40))
# A kite whose sides cut pixels.
KITE = (Point(50.5, 60.25), Point(70.75, 80.5), Point(50.5, 99.75), Point(33.25, 80.5))

CT = "1.2.840.10008.5.1.4.1.1.2"
CR = "1.2.840.10008.5.1.4.1.1.1"
SLICE = {
    "SOPClassUID": CT,
    "Modality": "CT",
    "ImagePositionPatient": [-100, -100, 40],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [0.7, 0.7],
    "SliceThickness": 5,
    "FrameOfReferenceUID": "1.2.3.4",
    "PositionReferenceIndicator": "",
    "RescaleSlope": 1,
    "RescaleIntercept": -1024,
}
# The kinds of film results are written for.
FILMS = {
    "dx": {"PixelSpacing": [0.2, 0.2]},
    "cr": {"SOPClassUID": CR, "Modality": "CR", "ImagerPixelSpacing": [0.1, 0.1]},
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "no spacing": {},
    "spacing 0": {"PixelSpacing": [0, 0]},
    "wide pixels": {"PixelAspectRatio": [1, 2]},
    "tall pixels": {"PixelSpacing": [0.2, 0.1]},
    "ct slice": SLICE,
    "latin-1 name": {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller^Zoë"},
    "no body part": {"BodyPartExamined": ""},
}


def film(folder: Path, **attributes) -> Image:
    """A film of 120 rows and 100 columns, written and read."""
    write_film(folder / "film.dcm", dot_film(), **attributes)
    return read(scan([folder]).images[0])


def region(outline=SQUARE, similarity=0.8125, area_mm2=None) -> Region:
    xs, ys = [p.x for p in outline], [p.y for p in outline]
    box = Box(min(xs), min(ys), max(xs), max(ys))
    return Region(tuple(outline), box, box.centre, similarity, area_mm2)


def statement(
    image: Image,
    label="Pleural effusion",
    *,
    finding_id="pleural_effusion",
    origin="preset",
    regions=(SQUARE,),
    **changes,
) -> Statement:
    """A finding with a heatmap that rises from 0 to 0.8125 from left to right."""
    prompt = Prompt(label, origin)
    similarity = np.linspace(0, 0.8125, 50, dtype=np.float32)[None].repeat(60, axis=0)
    key = IdentityKey(
        image.ref.sop_instance_uid, image.ref.frame, image.pixel_sha256, "ab" * 32, "cd", label
    )
    heatmap = Heatmap(similarity, (image.columns / 50, image.rows / 60), prompt, "tiny", key, ())
    fields = {
        "id": finding_id,
        "prompt": prompt,
        "similarity": 0.8125,
        "threshold": 0.375,
        "level": 0.25,
        "is_present": bool(regions),
        "probability": None,
        "peak": Point(30, 35),
        "regions": tuple(region(outline) for outline in regions),
        "status": "proposed",
        "author": "",
        "provenance": MADE_BY,
    }
    return Statement(label, Finding(**{**fields, **changes}), heatmap)


def slide_statement(slide: Slide, *shapes: tuple[Point, ...], part=42.0, **changes) -> Statement:
    """A finding on a slide, in its pixels; its map is 20 x 12 places of `part` from (336, 168).

    It rises from 0 to 0.8, and saw nothing of its first row.
    """
    values = np.linspace(0, 0.8, 240, dtype=np.float32).reshape(12, 20).copy()
    values[0] = np.nan
    prompt = Prompt("Gleason pattern 4", "preset")
    uid = slide.refs[0].sop_instance_uid
    key = IdentityKey(uid, 1, slide.sha256, "ab" * 32, "cd", prompt.words)
    heatmap = SlideHeatmap(values, (part, part), prompt, "tiny", key, (), (336.0, 168.0))
    fields = {
        "id": "gleason_4",
        "prompt": prompt,
        "similarity": 0.8,
        "threshold": 0.375,
        "level": 0.25,
        "is_present": True,
        "probability": None,
        "peak": Point(1155, 651),
        "regions": tuple(region(shape, area_mm2=0.01) for shape in shapes),
        "status": "proposed",
        "author": "",
        "provenance": MADE_BY,
    }
    return Statement(prompt.words, Finding(**{**fields, **changes}), heatmap)


def page_of(image: Image, *statements: Statement) -> Page:
    """What an object is built from."""
    results = FilmResults(image, statements)
    return Page(results, read_source(image), NewSeries("AFLoc: test"), 1)


def verified(path: Path) -> list[str]:
    """What `dciodvfy` calls errors."""
    done = subprocess.run(
        ["dciodvfy", "-new", str(path)], capture_output=True, timeout=120, check=False
    )
    # It repeats values in the character set of the file.
    lines = (done.stdout + done.stderr).decode("latin-1").splitlines()
    return [line for line in lines if line.startswith("Error")]


HAS_DCIODVFY = shutil.which("dciodvfy") is not None
