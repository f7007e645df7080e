"""Verbs on finished bundles: `evaluate` beside the base, and `calibrate`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import SettingsError
from afloc_training.libraries import training_libraries
from afloc_training.verbs import add_verb

if TYPE_CHECKING:
    import argparse

    from afloc_training.progress import Reporter

DONE = 0
_CALIBRATE_EXAMPLE = """example:
  afloc-train calibrate /data/afloc-cxr-site --store /data/store
"""
_EVALUATE_EXAMPLE = """example:
  afloc-train evaluate /data/run1 --data /data/store --output comparison.html
  afloc-train evaluate /data/afloc-cxr-site --against /data/run1/base \\
      --regions regions.csv --images images --output comparison.html
"""


def add_tuning_verbs(verbs: Any) -> None:
    """Add `evaluate` and `calibrate` to the parser; nothing heavy is loaded."""
    verb = add_verb(verbs, "calibrate", "thresholds and probabilities from held-out films",
                 _CALIBRATE_EXAMPLE)  # fmt: skip
    verb.add_argument("bundle", type=Path, metavar="BUNDLE", help="of `export`; it is replaced")
    verb.add_argument("--store", "--data", type=Path, required=True, metavar="STORE",
                      help="its films of the splits dev and test are used")  # fmt: skip
    verb.set_defaults(run=_calibrate)
    verb = add_verb(verbs, "evaluate", "compare a bundle with its base on the same films",
                    _EVALUATE_EXAMPLE)  # fmt: skip
    verb.add_argument("trained", type=Path, nargs="?", metavar="RUN|BUNDLE",
                      help="of `fit` or `export`")  # fmt: skip
    verb.add_argument("--bundle", type=Path, dest="named", metavar="BUNDLE",
                      help="the same by name")  # fmt: skip
    verb.add_argument("--base", "--against", type=Path, metavar="BUNDLE",
                      help="compare with it; where a run began, else the shipped one")  # fmt: skip
    verb.add_argument("--data", "--store", type=Path, metavar="STORE",
                      help="of `prepare`: held-out films, by what reports say")  # fmt: skip
    verb.add_argument("--images", type=Path, metavar="DIR", help="the films of the tables")
    verb.add_argument("--regions", type=Path, metavar="CSV",
                      help="image, label, x, y, w, h, mask; patient_id if known")  # fmt: skip
    verb.add_argument("--labels", type=Path, metavar="CSV",
                      help="image, labels; sex, age, view, scanner if known")  # fmt: skip
    verb.add_argument("--only", action="append", default=[], metavar="LABEL",
                      help="compare on this label alone; may be repeated")  # fmt: skip
    verb.add_argument("--split", metavar="NAME", help="only rows of this split of --labels")
    verb.add_argument("--output", type=Path, metavar="FILE", help="write everything as one page")
    verb.set_defaults(run=_evaluate)


def _calibrate(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.tuning.calibrating import calibrate_bundle
    from afloc_training.model_card import threshold_table
    from afloc_training.site.store import Store

    with reporter.stage("held-out films"):
        found = calibrate_bundle(options.bundle, Store(options.store), reporter.count)
    text = "\n".join(threshold_table(found.thresholds))
    if found.left:
        text += f"\nas they were, too few films deny them: {', '.join(found.left)}"
    reporter.event(
        "calibrated",
        text,
        id=found.id,
        sha256=found.sha256,
        films=found.films,
        thresholds={t.finding: t.value for t in found.thresholds},
        left=found.left,
    )
    return DONE


def _modality(bundle: Path) -> str:
    """What a bundle reads; films of the chest where there is none yet."""
    from afloc_desktop.core.model.bundle import MANIFEST, open_bundle

    return open_bundle(bundle).manifest.modality if (bundle / MANIFEST).is_file() else "cxr"


def _evaluate(options: argparse.Namespace, reporter: Reporter) -> int:
    trained = options.trained or options.named
    if trained is None:
        raise SettingsError("No bundle was named.", remedy="Give its folder, or that of a run.")
    with training_libraries():
        from afloc_training.fitting.run_folder import RunFolder
        from afloc_training.tuning.comparing import CompareOrder, compare_bundles
        from afloc_training.tuning.exporting import export
        from afloc_training.tuning.fit import BASE
    from afloc_training.site.cli import shipped_bundle
    from afloc_training.tuning.comparison_text import as_json, as_text

    own = trained / BASE
    order = CompareOrder(
        base=options.base or (own if own.is_dir() else shipped_bundle(_modality(trained))),
        bundle=trained,
        images=options.images,
        regions=options.regions,
        labels=options.labels,
        split=options.split,
        page=options.output,
        only=tuple(options.only),
        store=options.data,
    )
    with TemporaryDirectory() as folder:
        if RunFolder(trained).is_begun:
            order = replace(order, bundle=Path(folder) / "bundle")
            export(trained, order.bundle, None)
        found = compare_bundles(order, reporter)
    reporter.event("compared", as_text(found), **as_json(found))
    return DONE
