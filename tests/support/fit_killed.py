"""Trains, is killed at many points, goes on, and prints how each training ended.

A program of its own: every training is a fork of it, so that libraries are loaded once.
`python fit_killed.py STORE FOLDER SEED` prints one JSON line a training. Every other point is
tried with one seed and the rest with the other; with ``AFLOC_BARS=full`` all of them with both.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch._dynamo  # noqa: F401 - the optimiser loads it, and every fork would again
from afloc_stores import MINIATURE, recipe
from afloc_training import checkpoints
from afloc_training.fitting import fit as fitting
from afloc_training.fitting import start
from afloc_training.fitting.learner import Learner
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.progress import Reporter
from bars import is_full

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS_BETWEEN = 2
"""Steps between checkpoints; six are done in all."""


def points(learner: type) -> tuple[tuple, ...]:
    """Where the process is killed: the owner of a function, its name, which call, before or after.

    `learner` has `losses`, called once a step, and `step`.
    """
    return (
        ("setting up", RunFolder, "begin", 1, "after"),
        ("in a step", learner, "losses", 1, "before"),
        ("between steps", RunFolder, "log", 2, "after"),
        ("before a checkpoint is written", checkpoints, "save_file", 2, "before"),
        ("before it is flushed", checkpoints, "_flush", 3, "before"),
        ("before it has its name", checkpoints, "_read", 2, "after"),
        ("between result and checkpoint", RunFolder, "save_best", 1, "after"),
        ("before the older one goes", checkpoints, "_flush", 6, "after"),
        ("in a later step", learner, "losses", 5, "after"),
        ("before the table of curves", RunFolder, "write_curves", 2, "before"),
        ("before the last checkpoint", checkpoints, "save_file", 5, "before"),
        ("after the last step", learner, "step", 6, "after"),
    )


def main() -> None:
    store, folder, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    fitting._STEPS_BETWEEN_CHECKPOINTS = STEPS_BETWEEN
    start.PRESETS = {"tiny": MINIATURE}
    own = folder / "recipe.toml"
    own.write_text(recipe(seed=seed))

    def train(run: Path) -> None:
        order = fitting.FitOrder(store, run, "tiny", recipe=own, is_resumed=True)
        fitting.fit(order, Reporter(is_json=True, stream=io.StringIO()))

    some = points(Learner)
    play(some if is_full() else some[seed % 2 :: 2], folder, train)


def play(some: tuple[tuple, ...], folder: Path, train: Callable[[Path], None]) -> None:
    """One training that nobody kills, then one for every point, killed there and gone on with."""
    for name, point in [("whole", None), *((p[0], p) for p in some)]:
        run = folder / name.replace(" ", "-")
        code = forked(train, run, point)
        if point is not None:
            code = [code, forked(train, run, None)]
        print(json.dumps({"name": name, "code": code, **ending(run)}), flush=True)


def forked(train: Callable[[Path], None], run: Path, point: tuple | None) -> int:
    """Train in a fork; its exit code, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        if point is not None:
            arm(*point[1:])
        train(run)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def arm(owner: object, name: str, call: int, when: str) -> None:
    real, calls = getattr(owner, name), []

    def deadly(*arguments: object, **named: object) -> object:
        calls.append(name)
        if len(calls) == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **named)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


def ending(run: Path) -> dict[str, object]:
    """What a training has left, as hashes."""
    folder = RunFolder(run)
    tensors, state = folder.load(lambda name: None)
    log = (run / "metrics.jsonl").read_bytes()
    return {
        "weights": digest(tensors),
        "best": digest(folder.best()[0]),
        "state": state,
        "log": hashlib.sha256(log).hexdigest(),
    }


def digest(tensors: dict) -> str:
    total = hashlib.sha256()
    for name in sorted(tensors):
        total.update(name.encode() + tensors[name].numpy().tobytes())
    return total.hexdigest()


if __name__ == "__main__":
    main()
