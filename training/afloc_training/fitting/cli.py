"""Verbs of the training of AFLoc: `fit` and `export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import SettingsError
from afloc_training.libraries import training_libraries
from afloc_training.verbs import add_verb

if TYPE_CHECKING:
    import argparse

    from afloc_training.fitting.fit import Outcome
    from afloc_training.progress import Reporter

DONE, STOPPED = 0, 3
_FIT_EXAMPLE = """exit codes: 0 done, 2 nothing done, 3 stopped on request; --resume goes on

a file named `stop` in the run folder, Ctrl-C or SIGTERM stops after the step at hand

example:
  afloc-train fit --store /data/store --preset tiny --run /data/run1
  afloc-train fit --store /data/store --preset tiny --run /data/run1 --resume
  afloc-train fit --store /data/store --from /data/afloc-cxr-base --run /data/run1
  torchrun --nproc-per-node 2 -m afloc_training.cli fit --store /data/store --output /data/run2
"""
_EXPORT_EXAMPLE = """example:
  afloc-train export --run /data/run1 --output /data/afloc-cxr-site
"""


def add_fitting_verbs(verbs: Any) -> None:
    """Add `fit` and `export` to the parser; nothing heavy is loaded."""
    verb = add_verb(verbs, "fit", "train AFLoc on a prepared store", _FIT_EXAMPLE)
    verb.add_argument("--store", "--data", type=Path, required=True, metavar="STORE",
                      help="what `afloc-train prepare` made")  # fmt: skip
    verb.add_argument("--run", "--output", type=Path, required=True, metavar="RUN", dest="folder",
                      help="folder of the training: checkpoints, log, result")  # fmt: skip
    verb.add_argument("--preset", choices=("tiny", "small", "paper"), default="tiny",
                      help="size of the network (default: tiny)")  # fmt: skip
    verb.add_argument("--from", type=Path, dest="source", metavar="BUNDLE|RUN|CHECKPOINT",
                      help="begin with these weights instead of random ones; a bundle that holds "
                      "its weights goes on learning as it is, whatever the preset")  # fmt: skip
    verb.add_argument("--replay", type=Path, metavar="DATA",
                      help="with a bundle: show films of its own training again; the folder "
                      "`default-bundle` takes")  # fmt: skip
    verb.add_argument("--regions", type=Path, metavar="CSV",
                      help="with a bundle: teach regions that people drew on training films too; "
                      "image, label, x, y, w, h, mask")  # fmt: skip
    verb.add_argument("--images", type=Path, metavar="DIR",
                      help="the films of --regions (default: beside the table)")  # fmt: skip
    verb.add_argument("--patience", type=int, metavar="N",
                      help="with a bundle: stop after N looks at held-out films without a lower "
                      "loss; 0 takes every step")  # fmt: skip
    verb.add_argument("--precision", choices=("auto", "float32"),
                      help="with a bundle: auto computes films in bfloat16 where the processor "
                      "does so itself")  # fmt: skip
    verb.add_argument("--vocab", type=Path, help="vocab.txt that goes with a checkpoint file")
    verb.add_argument("--recipe", type=Path, help="TOML; without it the one of the preset")
    verb.add_argument("--resume", action="store_true",
                      help="go on with what is in the folder; begin where nothing is")  # fmt: skip
    verb.set_defaults(run=_fit)
    verb = add_verb(verbs, "export", "turn a training into a bundle", _EXPORT_EXAMPLE)
    verb.add_argument("trained", type=Path, nargs="?", metavar="RUN", help="of `fit`")
    verb.add_argument("--run", type=Path, dest="named", metavar="RUN", help="the same by name")
    verb.add_argument("--output", type=Path, required=True, help="the bundle folder to write")
    verb.add_argument("--id", help="of the bundle; made of its weights unless given")
    verb.set_defaults(run=_export)


def _fit(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.fitting.fit import FitOrder, fit
        from afloc_training.tuning.base import is_tunable
        from afloc_training.tuning.fit import TuneOrder, tune
    if options.source is not None and is_tunable(options.source):
        tuning = TuneOrder(
            store=options.store,
            run=options.folder,
            source=options.source,
            recipe=options.recipe,
            replay=options.replay,
            regions=options.regions,
            images=options.images,
            is_resumed=options.resume,
            changes=_changes(options),
        )
        return _ended(tune(tuning, reporter), reporter)
    for name in ("replay", "regions", "images", "patience", "precision"):
        if getattr(options, name) is not None:
            raise SettingsError(
                f"--{name} goes with --from and a bundle that holds its weights.",
                remedy="Leave it away, or begin with such a bundle.",
            )
    order = FitOrder(
        store=options.store,
        run=options.folder,
        preset=options.preset,
        source=options.source,
        vocabulary=options.vocab,
        recipe=options.recipe,
        is_resumed=options.resume,
    )
    return _ended(fit(order, reporter), reporter)


def _changes(options: argparse.Namespace) -> dict[str, str]:
    """Of the recipe, as TOML writes them."""
    found = {} if options.patience is None else {"patience": str(options.patience)}
    return found | ({} if options.precision is None else {"precision": f'"{options.precision}"'})


def _ended(outcome: Outcome, reporter: Reporter) -> int:
    if outcome.is_stopped:
        reporter.event("stopped", f"stopped after step {outcome.standing.step}; --resume goes on",
                       step=outcome.standing.step)  # fmt: skip
        return STOPPED
    return DONE


def _export(options: argparse.Namespace, reporter: Reporter) -> int:
    folder = options.trained or options.named
    if folder is None:
        raise SettingsError("No training was named.", remedy="Give its folder with --run.")
    with training_libraries():
        from afloc_training.fitting.run_folder import RunFolder
        from afloc_training.tuning.exporting import export, is_tuning
    told = export(folder, options.output, options.id)
    thresholds = "thresholds are not set: nothing is proposed"
    if is_tuning(RunFolder(folder)):
        thresholds = "thresholds are those of the base, and no probability is stated,"
    lines = [
        f"{told.id}: the graphs equal torch, the self-test is passed",
        f"{thresholds} until `afloc-train calibrate` has set them",
    ]
    reporter.event("exported", "\n".join(lines), id=told.id, sha256=told.sha256,
                   image_difference=told.image_difference,
                   text_difference=told.text_difference)  # fmt: skip
    return DONE
