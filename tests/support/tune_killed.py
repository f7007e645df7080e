"""Fine-tunes, is killed at many points, goes on, and prints how each training ended.

`python tune_killed.py STORE BUNDLE FOLDER SEED` prints one JSON line a training. A few points are
tried; with ``AFLOC_BARS=full`` all of them.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import fit_killed
import torch
import tunable
from afloc_training.progress import Reporter
from afloc_training.tuning import fit as tuning
from afloc_training.tuning.tuner import Tuner
from bars import is_full


def main() -> None:
    store, bundle, folder = map(Path, sys.argv[1:4])
    seed = int(sys.argv[4])
    torch.set_num_threads(1)
    tuning._STEPS_BETWEEN_CHECKPOINTS = fit_killed.STEPS_BETWEEN
    tuning.open_base, tuning._language = tunable.open_base, tunable.language
    own = folder / "tune.toml"
    own.write_text(tunable.recipe(steps=6, seed=seed))

    def train(run: Path) -> None:
        order = tuning.TuneOrder(store, run, bundle, own, is_resumed=True)
        tuning.tune(order, Reporter(is_json=True, stream=io.StringIO()))

    some = fit_killed.points(Tuner)
    fit_killed.play(some if is_full() else some[seed % 6 :: 6], folder, train)


if __name__ == "__main__":
    main()
