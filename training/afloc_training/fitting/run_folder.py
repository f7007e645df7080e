"""The folder of one training: what was asked, where it stands, what it has learned, its log.

Names no patient, no path and no machine.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import CheckpointError, ExportError, WouldOverwrite
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.strict_json import strict_object
from afloc_desktop.core.text import TextSpec
from afloc_training import checkpoints
from afloc_training.fitting import tensorboard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from afloc_training.afloc.terms import Modality
    from afloc_training.checkpoints import JSON

_SCHEMA = 1
_RUN, _RECIPE, _PIECES, _METRICS, _CURVES, _STOP = (
    "run.json", "recipe.toml", "pieces.json", "metrics.jsonl", "curves.csv", "stop",
)  # fmt: skip
_CHECKPOINTS, _BEST, _START = "checkpoints", "best", "start"


@dataclass(frozen=True, slots=True)
class About:
    """What a training is, fixed when it begins.

    Attributes:
        preset: Size of the network.
        source: Of the first weights and of the word pieces.
        text: How words are read.
        cases_sha256, bundle_id, preprocess: Of the store; how its films were prepared.
        films: By split.
        recipe_sha256: Of the recipe's text.
        precision: What is computed in.
        threads: Of the processor.
        code_sha256: Of the trainer's sources.
        versions: Of the libraries the numbers depend on.
        created: UTC, ISO 8601.
        regions_sha256: Of what people drew and was taught; empty without.
        modality: Of the images, as in the manifest of the bundle they were prepared for.
    """

    preset: str
    source: str
    text: TextSpec
    cases_sha256: str
    bundle_id: str
    preprocess: PreprocessSpec
    films: dict[str, int]
    recipe_sha256: str
    precision: str
    threads: int
    code_sha256: str
    versions: dict[str, str]
    created: str
    regions_sha256: str = ""
    modality: Modality = "cxr"


class RunFolder:
    """Reads and writes the folder; one process at a time writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_begun(self) -> bool:
        """Whether a training is set up here."""
        return (self.path / _RUN).is_file()

    def begin(
        self,
        about: About,
        recipe: str,
        pieces: Mapping[str, int],
        weights: Mapping[str, Tensor] | None,
    ) -> None:
        """Set up a training; `run.json` comes last, and with it the folder counts.

        Args:
            about: Of the training.
            recipe: Its text.
            pieces: Word pieces.
            weights: To begin with, where they are not drawn.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        write_atomically(self.path / _RECIPE, recipe.encode())
        text = json.dumps(pieces, ensure_ascii=False, allow_nan=False)
        write_atomically(self.path / _PIECES, text.encode())
        if weights is not None:
            checkpoints.save(self.path / _START, weights, {})
        fields = {"schema": _SCHEMA, **asdict(about)}
        document = json.dumps(fields, indent=1, allow_nan=False)
        write_atomically(self.path / _RUN, document.encode())

    def about(self) -> About:
        """What was set up.

        Raises:
            CheckpointError: Nothing, or by another version.
        """
        found = self._document(_RUN)
        try:
            if found.pop("schema") != _SCHEMA:
                raise ValueError("another schema")
            found["text"] = TextSpec(**found["text"])
            found["preprocess"] = PreprocessSpec(**found["preprocess"])
            about = About(**found)
        except (KeyError, TypeError, ValueError) as error:
            raise _unusable() from error
        return about

    def recipe(self) -> str:
        """The text of the recipe, as it was when the training began.

        Raises:
            CheckpointError: It was changed since, or is gone.
        """
        try:
            text = (self.path / _RECIPE).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable() from error
        if sha256(text) != self.about().recipe_sha256:
            raise CheckpointError(
                "The recipe of this training was changed since it began.",
                remedy="Put it back, or train in another folder.",
            )
        return text

    def pieces(self) -> dict[str, int]:
        """Word pieces and their ids.

        Raises:
            CheckpointError: The file is damaged.
        """
        return self._document(_PIECES)

    def first_weights(self) -> dict[str, Tensor] | None:
        """What training began with; None where the weights were drawn.

        Raises:
            CheckpointError: The file is damaged.
        """
        found = checkpoints.load(self.path / _START)
        return None if found is None else found[0]

    def best(self) -> tuple[dict[str, Tensor], dict[str, JSON]]:
        """Weights of the best validation, and where the training stood.

        Raises:
            CheckpointError: There are none yet.
        """
        found = checkpoints.load(self.path / _BEST)
        if found is None:
            raise CheckpointError(
                "This training has no result yet.", remedy="Let it reach its first validation."
            )
        return found

    def save_best(self, weights: Mapping[str, Tensor], state: Mapping[str, JSON]) -> None:
        """Keep weights as the result so far.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        checkpoints.save(self.path / _BEST, weights, state)

    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, JSON]) -> None:
        """Keep where the training stands.

        Raises:
            ExportError: The folder or the disk refuses; the checkpoint before it stays.
        """
        checkpoints.save(self.path / _CHECKPOINTS, tensors, state)

    def load(
        self, passed_over: Callable[[str], None]
    ) -> tuple[dict[str, Tensor], dict[str, JSON]] | None:
        """Where the training stands; None before its first checkpoint.

        Raises:
            CheckpointError: Of another version, or none is whole.
        """
        return checkpoints.load(self.path / _CHECKPOINTS, passed_over=passed_over)

    def take_stop(self) -> bool:
        """Whether somebody has put a file named `stop` here; it is taken away."""
        path = self.path / _STOP
        if not path.exists():
            return False
        path.unlink(missing_ok=True)
        return True

    def log(self, line: Mapping[str, JSON]) -> None:
        """Add a line to `metrics.jsonl`.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        try:
            with (self.path / _METRICS).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, allow_nan=False) + "\n")
        except OSError as error:
            raise ExportError(
                f"The log of the training cannot be written: {error.strerror}.",
                remedy="Free some space and resume.",
            ) from error

    def cut_log(self, step: int) -> None:
        """Forget what was logged after a step, because it will happen again.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        kept = [line for line in self._logged() if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        write_atomically(self.path / _METRICS, text.encode())

    def write_curves(self) -> None:
        """The log as a table, `curves.csv`, and as a file that TensorBoard shows.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        lines = self._logged()
        columns = list(dict.fromkeys(name for line in lines for name in line))
        stream = io.StringIO(newline="")
        table = csv.DictWriter(stream, columns)
        table.writeheader()
        table.writerows(lines)
        write_atomically(self.path / _CURVES, stream.getvalue().encode())
        write_atomically(self.path / tensorboard.NAME, tensorboard.event_file(lines))

    def _logged(self) -> list[dict[str, Any]]:
        """Whole lines of the log; a killed process can leave half of one."""
        path = self.path / _METRICS
        if not path.is_file():
            return []
        found = []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found.append(strict_object(line))
            except ValueError:
                break
        return found

    def _document(self, name: str) -> dict[str, Any]:
        try:
            return strict_object((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _unusable() from error


def open_run(path: Path, *, is_resumed: bool) -> RunFolder:
    """The folder of a training that begins, or goes on.

    Raises:
        WouldOverwrite: It is to begin where something is already.
        ExportError: The folder cannot be made.
    """
    if not is_resumed and path.exists() and any(path.iterdir()):
        raise WouldOverwrite(
            f"The folder {path.name} is not empty.",
            remedy="Go on with the training in it with --resume, or choose another folder.",
        )
    make_folder(path)
    return RunFolder(path)


def check_same(differs: Mapping[str, bool]) -> None:
    """A training goes on with what it began with, or not at all.

    Args:
        differs: What it began with, and whether it is another now.

    Raises:
        CheckpointError: Something is another.
    """
    for what, is_other in differs.items():
        if is_other:
            raise CheckpointError(
                f"The training in this folder began with another {what}.",
                remedy=f"Give the same {what} again, or train in another folder.",
            )


def sources_sha256(*patterns: str) -> str:
    """Of the trainer's sources that a training runs through."""
    root = Path(__file__).parent.parent
    sources = sorted(source for pattern in patterns for source in root.glob(pattern))
    return sha256("".join(source.read_text(encoding="utf-8") for source in sources))


def sha256(text: str) -> str:
    """Of its UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _unusable() -> CheckpointError:
    return CheckpointError(
        "The folder holds no training that can be gone on with.",
        remedy="Give the folder that `afloc-train fit` wrote, or train anew.",
    )
