"""Training in the window: the steps of a site's fine-tuning, each a child process that reports.

The desktop never loads torch: what the trainer says comes as one JSON object a line.
"""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from afloc_desktop.core.errors import AflocError, BundleError
from afloc_desktop.core.model.bundle import open_bundle
from afloc_desktop.state.models import find, installed
from afloc_desktop.state.promotions import promote, roll_back
from afloc_desktop.state.trainer import refusal, trainer_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.promotions import Promotion
    from afloc_desktop.state.tasks import Post, Tasks

Step = Literal["check", "prepare", "fit", "export", "calibrate", "evaluate"]
STEPS: tuple[Step, ...] = ("check", "prepare", "fit", "export", "calibrate", "evaluate")
STOPPED = 3
WEIGHTS = "weights.safetensors"  # what a bundle is taught from, as the trainer names it
_STOP = "stop"
_PATIENCE = "2"  # looks at held-out films, ten steps apart
_PROMOTION = "promotion"
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be taught with what; everything made lies in one folder.

    Attributes:
        data: Films and their reports.
        work: Folder of everything that is made.
        base: Bundle to begin with.
        regions: Table of regions to evaluate on; None for none.
        images: Folder of its films.
        replay: Folder of the base's own training data; None goes without.
        taught: Table of regions that people drew on films to learn from; None goes without.
        ends_early: Stops when held-out films get no better.
        is_half: Computes films in half the bits where the processor does so itself.
    """

    data: Path
    work: Path
    base: Path
    regions: Path | None = None
    images: Path | None = None
    replay: Path | None = None
    taught: Path | None = None
    ends_early: bool = False
    is_half: bool = False

    @property
    def store(self) -> Path:
        """Films and sentences, prepared."""
        return self.work / "store"

    @property
    def run(self) -> Path:
        """The training."""
        return self.work / "run"

    @property
    def bundle(self) -> Path:
        """What comes of it."""
        return self.work / "bundle"

    @property
    def checked(self) -> Path:
        """Page of what is wrong with the data."""
        return self.work / "check.html"

    @property
    def compared(self) -> Path:
        """Page that compares the bundle with its base."""
        return self.work / "comparison.html"

    def words(self, step: Step) -> list[str]:
        """The command line of a step, without the program."""
        base = ["--bundle", str(self.base)]
        store = ["--store", str(self.store)]
        match step:
            case "check":
                found = ["check", str(self.data), *base, "--html", str(self.checked)]
            case "prepare":
                found = ["prepare", str(self.data), *base, "--output", str(self.store)]
            case "fit":
                found = ["fit", *store, "--from", str(self.base), "--run", str(self.run)]
                found += [*self._choices(), "--resume"]
            case "export":
                found = ["export", "--run", str(self.run), "--output", str(self.bundle)]
            case "calibrate":
                found = ["calibrate", str(self.bundle), *store]
            case "evaluate":
                found = ["evaluate", "--base", str(self.base), "--bundle", str(self.bundle)]
                found += [*store, "--output", str(self.compared)]
                if None not in (self.regions, self.images):
                    found += ["--regions", str(self.regions), "--images", str(self.images)]
        return [*found, "--json"]

    def _choices(self) -> list[str]:
        """What `fit` is told beside what it needs; what is not chosen is the recipe's."""
        found = ["--replay", str(self.replay)] if self.replay else []
        if self.taught:
            found += ["--regions", str(self.taught)]
            found += ["--images", str(self.images)] if self.images else []
        found += ["--patience", _PATIENCE] if self.ends_early else []
        return found + (["--precision", "auto"] if self.is_half else [])

    def can(self, step: Step) -> bool:
        """Whether what a step needs is there."""
        match step:
            case "check" | "prepare":
                return self.data.is_dir()
            case "fit":
                return (self.store / "store.json").is_file()
            case "export":
                return (self.run / "best").is_dir()
            case "calibrate" | "evaluate":
                return self.has_bundle and (self.store / "store.json").is_file()

    @property
    def has_bundle(self) -> bool:
        """Whether a bundle was exported."""
        return (self.bundle / "bundle.json").is_file()


class Base(NamedTuple):
    """A bundle that can be taught: its id, title and folder."""

    id: str
    title: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ended.

    Attributes:
        step: Which.
        code: Of the process: 0 done, 1 done with faults, 3 stopped on request.
        error: The trainer's own refusal; None where it did not refuse.
    """

    step: Step
    code: int
    error: AflocError | None = None


class Trainer:
    """Runs one step at a time. Main thread only; what it hears comes home through `post`."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._is_closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._plan: Plan | None = None
        self._step: Step | None = None

    @property
    def step(self) -> Step | None:
        """What is under way."""
        return self._step

    def start(
        self,
        plan: Plan,
        step: Step,
        heard: Callable[[dict[str, Any]], None],
        ended: Callable[[Ending], None],
    ) -> None:
        """Start a step.

        Args:
            plan: Of the training.
            step: What to do; nothing else may be under way.
            heard: Called on the main thread with every event.
            ended: Called on the main thread when it is over, however.

        Raises:
            AflocError: The training module is not installed, or the folder cannot be written.
        """
        if self._step is not None:
            raise ValueError("one step at a time")
        command = [*trainer_command(), *plan.words(step)]
        try:
            plan.work.mkdir(parents=True, exist_ok=True)
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise AflocError(
                f"The training could not be started: {error.strerror}.",
                remedy="Choose another working folder, or check who may write there.",
            ) from error
        self._child, self._plan, self._step = child, plan, step
        arguments = (child, step, heard, ended)
        threading.Thread(target=self._listen, args=arguments, daemon=True).start()

    def stop(self) -> None:
        """Ask for an end: a training finishes its step and keeps its place, others just end."""
        if self._child is None or self._plan is None:
            return
        if self._step == "fit" and self._plan.run.is_dir():
            with suppress(OSError):
                (self._plan.run / _STOP).touch()
                return
        self._child.terminate()

    def close(self) -> None:
        """End what is under way; checkpoints stay, and nothing comes home any more."""
        self._is_closed = True
        if self._child is not None:
            self._child.terminate()

    def _listen(
        self,
        child: subprocess.Popen[bytes],
        step: Step,
        heard: Callable[[dict[str, Any]], None],
        ended: Callable[[Ending], None],
    ) -> None:
        """On a thread of its own, until the child has ended."""
        said: list[bytes] = []
        assert child.stdout is not None
        assert child.stderr is not None
        # Read beside the events: a full pipe would stop the child.
        errors = threading.Thread(target=lambda: said.append(child.stderr.read()), daemon=True)  # type: ignore[union-attr]
        errors.start()
        while line := child.stdout.readline(_LONGEST_LINE):
            event = _event(line)
            if event is not None:
                self._bring_home(partial(heard, event))
        errors.join()
        code = child.wait()
        child.stdout.close()
        child.stderr.close()
        words = b"".join(said).decode("utf-8", "replace")
        error = None if code in (0, 1, STOPPED) else refusal(words)
        self._bring_home(partial(self._finish, Ending(step, code, error), ended))

    def _bring_home(self, call: Callable[[], None]) -> None:
        if not self._is_closed:
            self._post(call)

    def _finish(self, ending: Ending, ended: Callable[[Ending], None]) -> None:
        self._child = self._plan = self._step = None
        ended(ending)


class Schooling:
    """All a window needs to teach a model and to let it answer. Main thread only."""

    def __init__(self, tasks: Tasks, post: Post, paths: Paths) -> None:
        self._tasks = tasks
        self._paths = paths
        self.trainer = Trainer(post)

    def bases(self, kind: Kind) -> tuple[Base, ...]:
        """Bundles that can be taught, the one first that answers for a kind of image.

        Args:
            kind: Of the images that are looked at.
        """
        found = (entry.bundle for entry in installed(self._paths, open_bundle) if entry.bundle)
        taught = [bundle for bundle in found if WEIGHTS in bundle.manifest.files]
        answering = None
        with suppress(BundleError):
            answering = find(self._paths, None, open_bundle, kind).folder
        taught.sort(key=lambda b: (b.folder != answering, b.manifest.modality != kind))
        return tuple(Base(b.manifest.id, b.manifest.title, b.folder) for b in taught)

    def promote(
        self,
        folder: Path,
        done: Callable[[Promotion], None],
        failed: Callable[[AflocError], None],
    ) -> None:
        """Install, test and promote a bundle; one of the two is called."""
        self._exchange(partial(promote, folder, self._paths), done, failed)

    def roll_back(
        self, done: Callable[[Promotion], None], failed: Callable[[AflocError], None]
    ) -> None:
        """Let the bundle before answer again; one of the two is called."""
        self._exchange(partial(roll_back, self._paths), done, failed)

    def _exchange(
        self,
        exchange: Callable[[], Promotion],
        done: Callable[[Promotion], None],
        failed: Callable[[AflocError], None],
    ) -> None:
        self._tasks.submit(_PROMOTION, lambda token: exchange(), done, failed, lane="files")


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None  # a library's own words
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None
