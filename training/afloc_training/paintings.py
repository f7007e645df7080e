"""A page of painted lesions beside the films they were painted on, for an eye that knows films.

What a synthesiser teaches can be judged only by looking: every finding it paints, its outline, the
lung fields it was led by, and the sentence it goes with.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.picture import read_picture
from afloc_training.films import network_input, read_rows
from afloc_training.lung_fields import find_lungs
from afloc_training.painting import SIDE_PX
from afloc_training.sentences import sentence_bank
from afloc_training.site.fault_tables import page
from afloc_training.synthesis import PAINTABLE, paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.facts import Fact
    from afloc_training.films import FilmRow
    from afloc_training.lung_fields import Lungs
    from afloc_training.painting import Rng
    from afloc_training.sentences import Sentence

PAGE, SHEET = "paintings.html", "paintings.png"
_EXAMPLES = 4
_THUMB_PX = 256
_LINE_PX = 14  # a line of lettering on the sheet
_LUNGS, _LESION = (90, 200, 250), (255, 214, 10)
_STYLE = (
    "<style>.row{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0 0 1rem}"
    "img{display:block;max-width:100%}figcaption{max-width:36rem}</style>"
)
_HEAD = """<h1>Painted lesions</h1>
<p>Each picture, from left to right: the film that was painted on, with the lung fields that were
found (blue); the painted film; the painted film with the outline that is taught (yellow). Below
it stands a sentence of the training that is true of the lesion. Every lesion here is painted, none
is a patient's. Films: training split of NIH ChestX-ray14 (NIH Clinical Center), labelled normal.
Seed {seed}.</p>"""


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """One lesion on one film; planes of shape (384, 384), in [0, 1].

    Attributes:
        finding: Its id.
        sentence: True of it, as detailed as the sentence bank has one.
        ground, film: Before and after.
        mask: Where the lesion is.
        lungs: Fields that were found.
    """

    finding: str
    sentence: str
    ground: FloatArray
    film: FloatArray
    mask: BoolArray
    lungs: Lungs


def write_paintings(data: Path, output: Path, spec: PreprocessSpec, seed: int) -> tuple[Path, int]:
    """Paint four examples of every finding and write a page and a contact sheet.

    Args:
        data: Folder that holds `cxr/nih.csv` and `cxr/images`.
        output: Folder of the two files.
        spec: How films are prepared.
        seed: Of every draw.

    Returns:
        The page, and how many lesions it shows.

    Raises:
        DatasetError: No table, or no film to paint on.
        UnreadableFile: A film cannot be read.
        ExportError: The folder or the disk refuses.
    """
    rows = read_rows(data / "cxr" / "nih.csv", data / "cxr" / "images", "train")
    paintings = list(paint_examples(rows, spec, seed, _EXAMPLES))
    make_folder(output)
    write_atomically(output / PAGE, paintings_page(paintings, seed))
    write_atomically(output / SHEET, _png(contact_sheet(paintings)))
    return output / PAGE, len(paintings)


def paint_examples(
    rows: Sequence[FilmRow], spec: PreprocessSpec, seed: int, each: int
) -> Iterator[Painting]:
    """Examples of every paintable finding, each on a film of its own while films last.

    Raises:
        DatasetError: No film shows two clear lungs.
        UnreadableFile: A film cannot be read.
    """
    rng = np.random.default_rng(seed)
    bank = sentence_bank(np.random.default_rng(seed))
    normal = [row for row in rows if row.is_normal and not row.is_low_resolution]
    order = rng.permutation(len(normal))
    spec = dataclasses.replace(spec, side=SIDE_PX)
    grounds = _grounds([normal[n] for n in order], spec, each * len(PAINTABLE))
    if not grounds:
        raise DatasetError(
            "No film shows two clear lungs to paint on.",
            remedy="Use upright frontal chest films.",
        )
    number = 0
    for finding in PAINTABLE:
        for _ in range(each):
            for _ in range(len(grounds)):  # until a film has room for the lesion
                film, lungs = grounds[number % len(grounds)]
                number += 1
                painted = paint(rng, film, lungs, finding)
                if painted is not None:
                    said = true_sentence(rng, bank, painted.fact)
                    yield Painting(finding, said, film, painted.film, painted.mask, lungs)
                    break


def _grounds(
    rows: Sequence[FilmRow], spec: PreprocessSpec, most: int
) -> list[tuple[FloatArray, Lungs]]:
    found: list[tuple[FloatArray, Lungs]] = []
    for row in rows:
        film = network_input(read_picture(row.path), spec)[0, 0]
        lungs = find_lungs(film)
        if lungs is not None:
            found.append((film, lungs))
        if len(found) == most:
            break
    return found


def true_sentence(rng: Rng, bank: Sequence[Sentence], fact: Fact) -> str:
    """A sentence that claims of a lesion what holds, and as much of it as any sentence does."""
    fitting = [
        sentence
        for sentence in bank
        if not sentence.claim.is_negated
        and sentence.claim.finding == fact.finding
        and all(
            getattr(sentence.claim, detail) in (None, getattr(fact, detail))
            for detail in ("side", "zone", "size", "device")
        )
    ]
    most = max(sentence.claim.details for sentence in fitting)
    fitting = [sentence for sentence in fitting if sentence.claim.details == most]
    return fitting[rng.integers(len(fitting))].text


def triptych(painting: Painting) -> npt.NDArray[np.uint8]:
    """Ground with lung fields, painted film, painted film with outline: RGB, (384, 1152, 3)."""
    ground, film = _rgb(painting.ground), _rgb(painting.film)
    outlined = film.copy()
    for lung in (painting.lungs.right, painting.lungs.left):
        ground[_outline(lung)] = _LUNGS
    outlined[_outline(painting.mask)] = _LESION
    return np.concatenate([ground, film, outlined], axis=1)


def paintings_page(paintings: Sequence[Painting], seed: int) -> bytes:
    """One HTML page, pictures in it."""
    parts = [_STYLE, _HEAD.format(seed=seed)]
    for finding in dict.fromkeys(painting.finding for painting in paintings):
        parts.append(f"<h2>{html.escape(finding.replace('_', ' '))}</h2><div class=row>")
        for painting in paintings:
            if painting.finding == finding:
                picture = base64.b64encode(_png(Image.fromarray(triptych(painting)))).decode()
                sentence = html.escape(painting.sentence)
                parts.append(
                    f'<figure><img alt="{sentence}" src="data:image/png;base64,{picture}">'
                    f"<figcaption>{sentence}</figcaption></figure>"
                )
        parts.append("</div>")
    return page("Painted lesions", "".join(parts))


def contact_sheet(paintings: Sequence[Painting], columns: int = 2) -> Image.Image:
    """All of them small, sentence below each, row by row."""
    width, height = 3 * _THUMB_PX, _THUMB_PX + _LINE_PX
    rows = -(-len(paintings) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "black")
    pen = ImageDraw.Draw(sheet)
    for number, painting in enumerate(paintings):
        row, column = divmod(number, columns)
        small = Image.fromarray(triptych(painting)).resize((width, _THUMB_PX), Image.Resampling.BOX)
        sheet.paste(small, (column * width, row * height))
        place = (column * width + 4, row * height + _THUMB_PX)
        pen.text(place, f"{painting.finding}: {painting.sentence}", fill="white")
    return sheet


def _rgb(plane: FloatArray) -> npt.NDArray[np.uint8]:
    grey = np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _outline(mask: BoolArray) -> BoolArray:
    outline: BoolArray = mask & ~ndimage.binary_erosion(mask)
    return outline


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
