"""`afloc-train import-checkpoint`: an official AFLoc checkpoint becomes a bundle."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_training.libraries import training_libraries

if TYPE_CHECKING:
    from afloc_training.progress import Reporter

_EXAMPLE = """example:
  afloc-train import-checkpoint Pretrained_CXR.ckpt --vocab vocab.txt --modality cxr --output cxr
"""


def add_afloc_verbs(verbs: Any) -> None:
    """Register the verb; nothing heavy is loaded."""
    verb = verbs.add_parser(
        "import-checkpoint",
        help="turn an official AFLoc checkpoint into a bundle",
        description="Check a checkpoint the site has obtained, convert it, and test the bundle. "
        "Nothing in the checkpoint is run.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("checkpoint", type=Path, metavar="CKPT", help=".ckpt, .pt or .safetensors")
    verb.add_argument("--vocab", type=Path, required=True, help="vocab.txt of its text encoder")
    verb.add_argument("--modality", choices=("cxr", "fundus", "histo"), required=True)
    verb.add_argument("--output", type=Path, required=True, help="the bundle folder to write")
    verb.add_argument("--id", help="of the bundle; made of modality and checkpoint unless given")
    verb.add_argument(
        "--cleaning",
        choices=("afloc-words", "afloc"),
        default="afloc-words",
        help="of typed words: afloc is that of AFLoc's own code, which drops single words and "
        "digits before a period; afloc-words (default) keeps both",
    )
    verb.add_argument(
        "--phrasings",
        choices=("official", "library"),
        default="official",
        help="of the listed findings: the published protocol's one prompt (default), or the mean "
        "of the library of phrasings",
    )
    verb.add_argument(
        "--mode",
        choices=("official", "calibrated"),
        default="official",
        help="official (default) draws AFLoc's own maps; calibrated compares unit vectors with the "
        "library's mean, takes the mean map off, reads words as the default model does, and takes "
        "thresholds from --calibration",
    )
    verb.add_argument("--preset", choices=("paper", "small", "tiny"), default="paper")
    verb.add_argument(
        "--calibration",
        type=Path,
        metavar="FOLDER",
        help="at least 40 DICOM films of the site: adds a network in 8 bits where it draws the "
        "same maps on them; it is used on processors with instructions for it, and its maps are "
        "not exactly AFLoc's; and sets the thresholds of the calibrated mode",
    )
    verb.add_argument("--json", action="store_true", help="one JSON object on stdout")
    verb.set_defaults(run=_import)


def _import(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.afloc.importing import ImportPlan, import_checkpoint
    plan = ImportPlan(
        checkpoint=options.checkpoint,
        vocabulary=options.vocab,
        modality=options.modality,
        preset=options.preset,
        cleaning=options.cleaning,
        bundle_id=options.id,
        calibration=options.calibration,
        phrasings=options.phrasings,
        mode=options.mode,
    )
    told = import_checkpoint(plan, options.output)
    lines = [f"{told.id}: every tensor fits, the graphs equal torch, the self-test is passed"]
    lines += [f"not used: {name}" for name in told.unexpected]
    lines += [f"missing, not needed: {name}" for name in told.missing]
    lines += [f"warning: {warning}" for warning in told.warnings]
    lines += [note for note in (told.eight_bits, told.thresholds) if note]
    reporter.event("imported", "\n".join(lines), **asdict(told))
    return 0
