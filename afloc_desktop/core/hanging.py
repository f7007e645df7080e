"""Hanging protocols: which films of a patient go into which cell of the screen.

Rules are values read from a file; what hangs where is a pure function of a listing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from afloc_desktop.core.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from afloc_desktop.core.domain import ImageRef, Series, Study

View = Literal["frontal", "lateral", "right_eye", "left_eye", "any"]
When = Literal["current", "prior"]

_SCHEMA = 1
_MOST = 2  # rows, and columns
_FIELDS = frozenset({"id", "title", "grid", "modalities", "body_parts", "automatic", "cells"})
# PS3.3 C.8.7.1.1.1 (view position) and what technicians write into descriptions.
_FRONTAL = frozenset({"PA", "AP", "FRONTAL", "PORTABLE", "SUPINE"})
_LATERAL = frozenset({"LL", "RL", "LAT", "LATERAL", "LLD", "RLD"})
# Of one eye, as a listing names them: oculus dexter and sinister.
_EYES: dict[str, View] = {"OD": "right_eye", "OS": "left_eye"}
_RADIOGRAPHS = frozenset({"CR", "DX"})


class Labelled(Protocol):
    """Whose study it is, as in `core.domain.Study`."""

    @property
    def patient_name(self) -> str:
        """As in the file."""

    @property
    def patient_id(self) -> str:
        """As in the file."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows."""

    study: When
    view: View


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id, title: Its name, and how the menu calls it.
        rows, columns: Of the screen.
        modalities, body_parts: Of the studies it is for, in capitals.
        is_automatic: It is used when a study is opened.
        cells: Along the rows, as many as there are.
    """

    id: str
    title: str
    rows: int
    columns: int
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    is_automatic: bool
    cells: tuple[Cell, ...]


def parse(text: str) -> tuple[Rule, ...]:
    """Read a file of rules.

    Raises:
        SettingsError: It is no TOML, is of another version, lacks or adds an entry, or says
            something that cannot hang.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unusable("is not written in TOML") from error
    if table.get("schema") != _SCHEMA or set(table) != {"schema", "protocol"}:
        raise _unusable("is of another version or has an unknown entry")
    rules = table["protocol"]
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise _unusable("does not list its protocols")
    protocols = tuple(_protocol(rule) for rule in rules)
    if len({protocol.id for protocol in protocols}) < len(protocols):
        raise _unusable("names a protocol twice")
    return protocols


def hang(protocol: Rule, studies: Sequence[Study], current: Study) -> tuple[ImageRef, ...] | None:
    """The film of each cell; None where the rule is for other studies or a cell stays empty.

    Args:
        protocol: The rule.
        studies: All that are open, of any patient.
        current: The study that is read.
    """
    found: list[ImageRef] = []
    for cell in protocol.cells:
        sources = [current] if cell.study == "current" else priors(studies, current)
        series = (s for study in sources for s in _fitting(study, cell.view, protocol))
        ref = next((s.images[0] for s in series if s.images and s.images[0] not in found), None)
        if ref is None:
            return None
        found.append(ref)
    return tuple(found)


def automatic(
    protocols: Sequence[Rule], studies: Sequence[Study], current: Study
) -> tuple[Rule, tuple[ImageRef, ...]] | None:
    """The first automatic rule that hangs, and its films; None where none does."""
    for protocol in protocols:
        refs = hang(protocol, studies, current) if protocol.is_automatic else None
        if refs is not None:
            return protocol, refs
    return None


def priors(studies: Sequence[Study], current: Study) -> tuple[Study, ...]:
    """Earlier studies of the same patient, the latest first; none where a date is missing."""
    earlier = [s for s in studies if is_same_patient(s, current) and "" < s.date < current.date]
    return tuple(sorted(earlier, key=lambda study: study.date, reverse=True))


def newest(studies: Sequence[Study], of: Study) -> Study:
    """The latest study of the patient of one study; that study itself where none is later."""
    later = [s for s in studies if is_same_patient(s, of) and s.date > of.date]
    return max(later, key=lambda study: study.date, default=of)


def is_same_patient(one: Labelled, other: Labelled) -> bool:
    """Beyond doubt: a patient ID that both state, and no two different names."""
    if not one.patient_id or one.patient_id != other.patient_id:
        return False
    names = {name for name in (_letters(one.patient_name), _letters(other.patient_name)) if name}
    return len(names) <= 1


def view_of(series: Series) -> View:
    """Which way the patient stood, or which eye it is; else `any`.

    By view position, or else by the description.
    """
    for text in (series.view_position, series.description):
        words = set(re.split(r"[^A-Z]+", text.upper()))
        eyes = [view for word, view in _EYES.items() if word in words]
        if len(eyes) == 1:
            return eyes[0]
        is_frontal, is_lateral = bool(words & _FRONTAL), bool(words & _LATERAL)
        if is_frontal != is_lateral:
            return "frontal" if is_frontal else "lateral"
    return "any"


def _fitting(study: Study, view: View, protocol: Rule) -> Iterator[Series]:
    """Series of a study that a cell may show, in the order of the study."""
    for series in study.series:
        is_kind = any(is_comparable(series.modality.upper(), m) for m in protocol.modalities)
        part = series.body_part.strip().upper()
        is_part = not part or part in protocol.body_parts
        if is_kind and is_part and view in ("any", view_of(series)):
            yield series


def is_comparable(one: str, other: str) -> bool:
    """Whether films of two modalities may be read side by side."""
    return one == other or {one, other} <= _RADIOGRAPHS


def _letters(name: str) -> str:
    return "".join(c for c in name.split("=")[0].casefold() if c.isalnum())


def _protocol(rule: dict[str, Any]) -> Rule:
    if set(rule) != _FIELDS:
        wrong = ", ".join(sorted(set(rule) ^ _FIELDS))
        raise _unusable(f"lacks or adds an entry of a protocol: {wrong}")
    name, title, grid = rule["id"], rule["title"], rule["grid"]
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name, re.ASCII):
        raise _unusable("has a protocol without a usable id")
    if not isinstance(title, str) or not title.strip():
        raise _unusable(f"gives no title to {name}")
    if not _is_grid(grid):
        raise _unusable(f"has an impossible grid in {name}")
    cells = _cells(rule["cells"], name)
    if len(cells) != grid[0] * grid[1]:
        raise _unusable(f"has not as many cells in {name} as its grid")
    if type(rule["automatic"]) is not bool:
        raise _unusable(f"does not say true or false for automatic in {name}")
    return Rule(
        id=name,
        title=title.strip(),
        rows=grid[0],
        columns=grid[1],
        modalities=_words(rule["modalities"], name),
        body_parts=_words(rule["body_parts"], name),
        is_automatic=rule["automatic"],
        cells=cells,
    )


def _is_grid(grid: object) -> bool:
    if not isinstance(grid, list) or len(grid) != 2:
        return False
    return all(type(side) is int and 1 <= side <= _MOST for side in grid)


def _cells(value: object, name: str) -> tuple[Cell, ...]:
    cells = []
    for cell in value if isinstance(value, list) else [{}]:
        is_whole = isinstance(cell, dict) and set(cell) == {"study", "view"}
        if not is_whole or cell["study"] not in get_args(When):
            raise _unusable(f"has an unusable cell in {name}")
        if cell["view"] not in get_args(View):
            raise _unusable(f"has an unknown view in {name}")
        cells.append(Cell(cell["study"], cell["view"]))
    return tuple(cells)


def _words(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _unusable(f"has an unusable list in {name}")
    return tuple(word.strip().upper() for word in value)


def _unusable(what: str) -> SettingsError:
    return SettingsError(
        f"The file of hanging protocols {what}.",
        remedy="The protocols that came with the application are in use; correct the file or "
        "remove it.",
    )
