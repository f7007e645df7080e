"""`afloc-train`: the training module's command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import AflocError
from afloc_training.afloc.cli import add_afloc_verbs
from afloc_training.fitting.cli import add_fitting_verbs
from afloc_training.libraries import training_libraries
from afloc_training.progress import Reporter
from afloc_training.site.cli import add_site_verbs
from afloc_training.tuning.cli import add_tuning_verbs
from afloc_training.verbs import add_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLE = """example:
  afloc-train default-bundle --data ../shared/data --output resources/bundles/afloc-cxr-base
"""
_FUNDUS_EXAMPLE = """example:
  afloc-train default-fundus --data ../shared/data --output resources/bundles/afloc-fundus-base
"""
_TABLES_EXAMPLE = """example:
  afloc-train fundus-tables --data ../shared/data --output tables
  afloc evaluate --bundle afloc-fundus-base --regions tables/regions.csv \\
    --images ../shared/data/fundus
"""
_HISTO_EXAMPLE = """example:
  afloc-train histo-demo --data ../shared/data --output afloc-histo-demo
"""
_PAINTINGS_EXAMPLE = """example:
  afloc-train paintings --data ../shared/data --output paintings
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; 0 done, 1 some inputs failed, 2 nothing done, 3 stopped on request.

    Args:
        arguments: Of the command line; None takes those of the process.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options, Reporter(is_json=options.json))
    except AflocError as error:
        print(f"afloc-train: {error.reason}\n{error.remedy}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="afloc-train", description="Teach a bundle from films and their words."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verb = add_verb(
        verbs, "default-bundle", "rebuild the shipped default model from its recipe", _EXAMPLE
    )
    verb.add_argument("--data", type=Path, required=True, help="folder that holds cxr/nih.csv")
    verb.add_argument("--output", type=Path, required=True, help="the bundle folder to write")
    verb.add_argument("--recipe", type=Path, help="TOML; without it the one of the default bundle")
    verb.add_argument("--work", type=Path, help="keep features and checkpoints for the next run")
    verb.add_argument(
        "--trained", type=Path, help="take the weights of this bundle and make the rest anew"
    )
    verb.set_defaults(run=_default_bundle)
    verb = add_verb(
        verbs, "default-fundus", "rebuild the shipped fundus model from its recipe", _FUNDUS_EXAMPLE
    )
    verb.add_argument("--data", type=Path, required=True, help="folder that holds fundus/")
    verb.add_argument("--output", type=Path, required=True, help="the bundle folder to write")
    verb.add_argument("--recipe", type=Path, help="TOML; without it the one of the default bundle")
    verb.add_argument(
        "--weights", type=Path, help="keep the trained weights here, and take them from there"
    )
    verb.set_defaults(run=_default_fundus)
    verb = add_verb(
        verbs, "fundus-tables", "write the fundus evaluation for `afloc evaluate`", _TABLES_EXAMPLE
    )
    verb.add_argument("--data", type=Path, required=True, help="folder that holds fundus/")
    verb.add_argument("--output", type=Path, required=True, help="folder of the two tables")
    verb.set_defaults(run=_fundus_tables)
    verb = add_verb(
        verbs, "histo-demo", "a demonstration bundle from tiles of stained tissue", _HISTO_EXAMPLE
    )
    verb.add_argument("--data", type=Path, required=True, help="folder that holds histo/")
    verb.add_argument("--output", type=Path, required=True, help="the bundle folder to write")
    verb.add_argument("--recipe", type=Path, help="TOML; without it the one that comes along")
    verb.set_defaults(run=_histo_demo)
    verb = add_verb(
        verbs, "paintings", "show the lesions that are painted for training", _PAINTINGS_EXAMPLE
    )
    verb.add_argument("--data", type=Path, required=True, help="folder that holds cxr/nih.csv")
    verb.add_argument("--output", type=Path, required=True, help="folder of page and picture")
    verb.add_argument("--seed", type=int, default=0, help="of every draw (default: 0)")
    verb.set_defaults(run=_paintings)
    add_site_verbs(verbs)
    add_afloc_verbs(verbs)
    add_fitting_verbs(verbs)
    add_tuning_verbs(verbs)
    return parser


def _default_bundle(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.default_bundle import build_default_bundle, report_result
    from afloc_training.recipe import load_recipe

    recipe = load_recipe(options.recipe)
    built = build_default_bundle(
        options.data, options.output, recipe, reporter, options.work, options.trained
    )
    report_result(built, reporter)
    return 0


def _default_fundus(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.fundus.building import build_fundus_bundle, report_eyes
        from afloc_training.fundus.recipe import load_eye_recipe

    recipe = load_eye_recipe(options.recipe)
    built = build_fundus_bundle(options.data, options.output, recipe, reporter, options.weights)
    report_eyes(built, reporter)
    return 0


def _fundus_tables(options: argparse.Namespace, reporter: Reporter) -> int:
    from afloc_training.fundus.tables import write_tables

    written = write_tables(options.data / "fundus", options.output)
    names = [str(path) for path in written]
    reporter.event("tables", "\n".join(names), files=names)
    return 0


def _histo_demo(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.fundus.recipe import load_eye_recipe
        from afloc_training.histo.building import RECIPE, build_histo_bundle, report_tiles

    recipe = load_eye_recipe(options.recipe, RECIPE)
    report_tiles(build_histo_bundle(options.data, options.output, recipe, reporter), reporter)
    return 0


def _paintings(options: argparse.Namespace, reporter: Reporter) -> int:
    with training_libraries():
        from afloc_training.paintings import write_paintings
    from afloc_training.recipe import load_recipe

    spec = load_recipe(None).preprocess
    written, count = write_paintings(options.data, options.output, spec, options.seed)
    reporter.event("paintings", f"{count} painted lesions: {written}", count=count,
                   file=str(written))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
