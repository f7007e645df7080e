"""Write the tables of `resources/docs/conformance.md` anew.

    python tests/tools/make_conformance.py

What is read comes from the code's own tables, what is written from objects that are exported here.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pydicom
from pydicom.uid import UID

from afloc_desktop.cli import main as afloc
from afloc_desktop.core.dicom import header, reports, slide_header, syntax
from afloc_desktop.core.export import codes, reading
from afloc_desktop.core.export.formats import OBJECTS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "resources/docs/conformance.md"
SAMPLE = ROOT / "resources/sample/effusion.dcm"
_DECODERS = {"jpeg": "libjpeg-turbo", "jpeg2000": "OpenJPEG", "htj2k": "OpenJPH",
             "jpeg-ls": "CharLS", "rle": "imagecodecs"}  # fmt: skip


def transfer_syntaxes() -> str:
    """Every transfer syntax the code knows, and what becomes of it."""
    rows = []
    for known in syntax._NATIVE:
        rows.append((known.uid, "yes", "none needed"))
    for codec, endings in syntax._CODECS:
        for ending in endings:
            reader = _DECODERS.get(codec)
            is_read = "yes" if reader else "refused with a reason"
            rows.append((syntax._PREFIX + ending, is_read, reader or "none"))
    named = [(UID(uid).name, uid, is_read, decoder) for uid, is_read, decoder in rows]
    return _table(("transfer syntax", "UID", "read", "decoder"), named)


def slides() -> str:
    """Whole slides: what the code knows of them, and how far it goes."""
    shown = "a level of the slide"
    rows = [("SOP class", f"{UID(slide_header.SLIDE_CLASS).name}, {slide_header.SLIDE_CLASS}")]
    rows += [("image type VOLUME, or none", shown), ("image type THUMBNAIL", shown)]
    rows += [
        (f"image type {word}", f"named ({slide_header.NO_SLIDES[kind].lower()}) and not shown")
        for word, kind in slide_header._FLAVOURS.items()
        if kind in slide_header.NO_SLIDES
    ]
    rows += [
        ("organisation", "TILED_FULL; TILED_SPARSE, on the grid of tiles or off it; one file per "
         "level, parts of a concatenation, or several levels in one file"),
        ("transfer syntax", "as above, little endian"),
        ("focal planes, optical paths", "the first of each; that there are more is said"),
        ("tiles of a level", f"at most {slide_header.MOST_TILES:,}"),
        ("pixels of a tile", f"at most {slide_header.MOST_TILE_PIXELS:,}"),
        ("pixels across a slide", f"at most {slide_header.MOST_ACROSS:,}"),
    ]  # fmt: skip
    return _table(("of a slide", "what is read"), rows)


def result_classes() -> str:
    """Objects that are laid over films or shown as text."""
    shown = {"SEG": "laid over its film", "GSPS": "laid over its film", "SC": "shown as an image"}
    rows = [(UID(uid).name, uid, shown[kind]) for uid, kind in reading._CLASSES.items()]
    rows.append(("Structured reports, all classes", reading._SR_CLASSES + "*",
                 "shown as text; regions laid over their film"))  # fmt: skip
    rows.append((UID(reports._PDF).name, reports._PDF, "its text shown and read as a report"))
    return _table(("SOP class", "UID", "use"), rows)


def attributes() -> str:
    """What the reader of images looks at, by keyword."""
    own = set(slide_header._WANTED) - set(header._WANTED)
    more = ("ColumnPositionInTotalImagePixelMatrix", "RowPositionInTotalImagePixelMatrix",
            "ZOffsetInSlideCoordinateSystem", "OpticalPathIdentifier",
            "ExtendedOffsetTable")  # fmt: skip
    slide = ", ".join(sorted(own | set(more)))
    words = ", ".join(sorted(header._WANTED))
    return f"{words}, and overlays (60xx).\n\nOf whole slides also {slide}."


def written() -> str:
    """What an export of one film really holds, read back from the files."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        kinds = ",".join(["json", *(each.id for each in OBJECTS)])
        command = ["localize", str(SAMPLE), "--finding", "pleural effusion", "--formats", kinds]
        code = afloc([*command, "--output", str(output)])
        if code:
            sys.exit(f"the export ended with {code}")
        rows = []
        for kind in OBJECTS:
            (path,) = output.rglob(f"AFLoc_{kind.id}_*.dcm")
            data = pydicom.dcmread(path, stop_before_pixels=True)
            uid = data.SOPClassUID
            rows.append((f"`{kind.id}`", uid.name, uid, data.Modality,
                         data.file_meta.TransferSyntaxUID.name, data.SeriesNumber))  # fmt: skip
    heads = ("format", "SOP class", "UID", "modality", "transfer syntax", "series number")
    return _table(heads, rows)


def private_codes() -> str:
    """Concepts of our own coding scheme."""
    found = [v for v in vars(codes).values() if isinstance(v, codes.Code)]
    found += [*codes.DECISIONS.values()]
    rows = sorted({(c.value, c.meaning) for c in found if c.scheme == codes.SCHEME})
    return _table(("code", "meaning"), [(f"`{value}`", meaning) for value, meaning in rows])


TABLES = {
    "transfer-syntaxes": transfer_syntaxes,
    "slides": slides,
    "results": result_classes,
    "attributes": attributes,
    "written": written,
    "codes": private_codes,
}


def made_anew(text: str) -> str:
    """A document with the tables between its marks written anew."""
    for name, table in TABLES.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(text):
            sys.exit(f"the document has no place for {name}")
        made = table()
        text = mark.sub(lambda found, made=made: f"{found[1]}\n{made}\n\n{found[2]}", text)
    return text


def _table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(made_anew(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
