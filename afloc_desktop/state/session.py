"""What a reader did since the window opened, on disk while it is open, so that a crash loses none.

The file is the reader's alone, lies where the audit trail lies, and is gone once the window was
closed as it should be.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.domain import (
    Finding,
    IdentityKey,
    ImageRef,
    Prompt,
    Provenance,
    Region,
    Spacing,
)
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.measuring import FilmKey, Mark
from afloc_desktop.state.judgements import Judgement
from afloc_desktop.state.settings import set_aside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.store import State, Store
    from afloc_desktop.state.tasks import Tasks, Token

SCHEMA = 1
_LARGEST = 64 << 20
_WATCHED = ("opened", "judged", "marks", "calibrations", "thresholds", "asked")


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What can be brought back.

    Attributes:
        opened: Files and folders that were open.
        judged, marks, calibrations, thresholds, asked: As in `State`.
    """

    opened: tuple[Path, ...] = ()
    judged: Mapping[IdentityKey, Judgement] = field(default_factory=dict)
    marks: Mapping[FilmKey, tuple[Mark, ...]] = field(default_factory=dict)
    calibrations: Mapping[FilmKey, Spacing] = field(default_factory=dict)
    thresholds: Mapping[Prompt, float] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    @property
    def is_worth_it(self) -> bool:
        """Whether anything would come back."""
        return bool(self.opened)


class Session:
    """Saves on a worker thread; everything else on the main thread."""

    def __init__(self, store: Store, tasks: Tasks, path: Path) -> None:
        self._store = store
        self._tasks = tasks
        self._path = path

    def is_touched(self, old: State, new: State) -> bool:
        """Whether a change of the state is worth saving."""
        return any(getattr(old, name) is not getattr(new, name) for name in _WATCHED)

    def save(self) -> None:
        """Save in the background; what was not written yet is left to the newer one."""
        work = partial(self._write, self._store.state)
        self._tasks.submit("session", work, _saved, _not_saved, lane="files")

    def save_now(self) -> None:
        """Save before anything else happens: something went wrong."""
        with suppress(ExportError):
            write(self._path, self._store.state)

    def left(self) -> Saved | None:
        """What the last run left, where it did not end as it should.

        What cannot be read may be the work of a newer version: it is kept beside the next one.
        """
        saved = read(self._path)
        if saved is None:
            set_aside(self._path)
        return saved if saved is not None and saved.is_worth_it else None

    def bring_back(self, saved: Saved) -> None:
        """Put the reader's work back; the films are opened by whoever asked."""
        self._store.update(
            judged=saved.judged,
            marks=saved.marks,
            calibrations=saved.calibrations,
            thresholds=saved.thresholds,
            asked=saved.asked,
        )

    def end(self) -> None:
        """The window was closed as it should be: there is nothing to bring back."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self, state: State, token: Token) -> None:
        token.check()
        write(self._path, state)


def write(path: Path, state: State) -> None:
    """Write what can be brought back of a state.

    Raises:
        ExportError: The file cannot be written.
    """
    table = {
        "schema": SCHEMA,
        "opened": [str(each) for each in state.opened],
        "judged": [_judgement_table(judgement) for judgement in state.judged.values()],
        "marks": [[*key, [asdict(mark) for mark in marks]] for key, marks in state.marks.items()],
        "calibrations": [[*key, asdict(spacing)] for key, spacing in state.calibrations.items()],
        "thresholds": [[asdict(prompt), value] for prompt, value in state.thresholds.items()],
        "asked": state.asked,
    }
    make_folder(path.parent)
    write_atomically(path, json.dumps(table).encode("utf-8", "surrogatepass"), is_private=True)


def read(path: Path) -> Saved | None:
    """Read what was saved; None where nothing was, or nothing that makes sense."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        table = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
        if table["schema"] != SCHEMA:
            return None
        judgements = [_judgement(each) for each in table["judged"]]
        return Saved(
            opened=tuple(Path(each) for each in table["opened"]),
            judged={judgement.key: judgement for judgement in judgements},
            marks={
                FilmKey(*key): tuple(_mark(mark) for mark in marks)
                for *key, marks in table["marks"]
            },
            calibrations={
                FilmKey(*key): Spacing(**spacing) for *key, spacing in table["calibrations"]
            },
            thresholds={Prompt(**prompt): float(value) for prompt, value in table["thresholds"]},
            asked=tuple(map(str, table["asked"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # our own file of a run that ended badly: what it spoilt is lost


def _judgement_table(judgement: Judgement) -> dict[str, Any]:
    ref, statement = judgement.ref, judgement.statement
    return {
        "ref": {**asdict(ref), "path": str(ref.path)},
        "key": asdict(judgement.key),
        "label": statement.label,
        "finding": asdict(statement.finding),
        "reason": judgement.reason,
    }


def _judgement(table: dict[str, Any]) -> Judgement:
    ref = {**table["ref"], "path": Path(table["ref"]["path"])}
    statement = Statement(table["label"], _finding(table["finding"]))
    key = IdentityKey(**table["key"])
    return Judgement(ImageRef(**ref), key, statement, table["reason"])


def _finding(table: dict[str, Any]) -> Finding:
    peak = table["peak"]
    return Finding(
        **{
            **table,
            "prompt": Prompt(**table["prompt"]),
            "peak": None if peak is None else Point(*peak),
            "regions": tuple(_region(region) for region in table["regions"]),
            "provenance": Provenance(**table["provenance"]),
        }
    )


def _region(table: dict[str, Any]) -> Region:
    return Region(
        **{
            **table,
            "outline": tuple(Point(*point) for point in table["outline"]),
            "box": Box(*table["box"]),
            "peak": Point(*table["peak"]),
        }
    )


def _mark(table: dict[str, Any]) -> Mark:
    return Mark(**{**table, "points": tuple(Point(*point) for point in table["points"])})


def _saved(nothing: None) -> None:
    """Nothing to tell."""


def _not_saved(error: AflocError) -> None:
    """Nothing to tell while the work goes on: the next change is saved again."""
