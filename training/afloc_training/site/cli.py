"""Verbs of the site workbench: `check` and `prepare`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import DatasetError
from afloc_training.verbs import add_verb

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.core.model.bundle import Bundle
    from afloc_training.progress import Reporter
    from afloc_training.site.survey import SiteOptions, Survey

DONE, SOME_FAILED = 0, 1
_DATA_HELP = "folder of films (DICOM, PNG, JPEG) with a reports table or reports beside them"
_CHECK_EXAMPLE = """example:
  afloc-train check /data/chest --html check.html
  afloc-train check /data/chest --reports /data/chest/ris.xlsx --columns report=Befund,image=Datei
"""
_PREPARE_EXAMPLE = """example:
  afloc-train prepare /data/chest --output /data/store --remove staff.txt --review review.html
"""


def add_site_verbs(verbs: Any) -> None:
    """Add `check` and `prepare` to the parser."""
    check = _verb(verbs, "check", "list everything wrong with a data folder", _CHECK_EXAMPLE)
    check.set_defaults(run=run_check)
    prepare = _verb(
        verbs, "prepare", "make a store of films and de-identified sentences", _PREPARE_EXAMPLE
    )
    prepare.add_argument("--output", type=Path, required=True, metavar="STORE",
                         help="the store; started again, it goes on where it was")  # fmt: skip
    prepare.add_argument("--review", type=Path, metavar="FILE",
                         help="write a page of what was replaced, without originals")  # fmt: skip
    prepare.add_argument("--review-with-originals", type=Path, metavar="FILE",
                         help="the same beside the originals: it names patients")  # fmt: skip
    prepare.set_defaults(run=run_prepare)


def run_check(options: argparse.Namespace, reporter: Reporter) -> int:
    """Read the whole data set as training would; 1 where a film or report cannot be used.

    Raises:
        AflocError: Nothing was read.
    """
    from afloc_training.site.checking import check_whole, split_of
    from afloc_training.site.survey import examine, read_site

    for path in (options.csv, options.html):
        _refuse_inside(path, options.data)
    site = _site_options(options)
    bundle = _bundle(options.bundle)
    with reporter.stage("reading"):
        survey = read_site(site, bundle)
    with reporter.stage("films"):
        examine(survey, reporter)
    left = survey.usable()
    check_whole(left, {split_of(case) for case in left} - {""}, survey.verdicts)
    _note_identifiers(survey)
    return _finish(survey, options, reporter, {"usable": len(left)})


def run_prepare(options: argparse.Namespace, reporter: Reporter) -> int:
    """Make a store; 1 where a film or report could not be used.

    Raises:
        AflocError: Nothing was made.
    """
    from afloc_desktop.core.export.atomic import write_atomically
    from afloc_training.site.cleaning import total
    from afloc_training.site.prepare import make_store
    from afloc_training.site.review_page import review_page
    from afloc_training.site.survey import read_site

    written = (options.output, options.csv, options.html, options.review)
    for path in (*written, options.review_with_originals):
        _refuse_inside(path, options.data)
    _refuse_inside(options.review_with_originals, options.output)
    site = _site_options(options)
    bundle = _bundle(options.bundle)
    with reporter.stage("reading"):
        survey = read_site(site, bundle)
    made = make_store(survey, bundle, options.output, reporter)
    for path, shows in ((options.review, False), (options.review_with_originals, True)):
        if path is not None:
            page = review_page(made.reports, total(made.reports), shows_originals=shows)
            write_atomically(path, page, is_private=True)
    numbers = {
        "stored": len(made.cases),
        "sentences": sum(len(case.sentences) for case in made.cases),
        "patients": len({case.patient for case in made.cases}),
        "replaced": sum(made.info.replaced.values()),
    }
    return _finish(survey, options, reporter, numbers)


def _verb(verbs: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    verb = add_verb(verbs, name, summary, example)
    verb.add_argument("data", type=Path, metavar="DATA", help=_DATA_HELP)
    verb.add_argument("--reports", type=Path, metavar="TABLE",
                      help="CSV, TSV, JSONL or XLSX; not needed where there is one")  # fmt: skip
    verb.add_argument("--columns", default="", metavar="MEANING=NAME,…",
                      help="what the table calls a column, such as report=Befund")  # fmt: skip
    verb.add_argument("--mapping", type=Path, metavar="CSV",
                      help="columns film, report: which accession number, study UID or document "
                      "goes with which film")  # fmt: skip
    verb.add_argument("--remove", type=Path, metavar="FILE",
                      help="words and names to take out of reports, one a line")  # fmt: skip
    verb.add_argument("--keep", type=Path, metavar="FILE", help="words that always stay")
    verb.add_argument("--bundle", type=Path, metavar="FOLDER",
                      help="bundle to prepare for; the shipped one unless given")  # fmt: skip
    verb.add_argument("--show-names", action="store_true",
                      help="show file names as they are on the screen and in the CSV")  # fmt: skip
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write all faults as a table")
    verb.add_argument("--html", type=Path, metavar="FILE", help="write them as a page")
    return verb


def _site_options(options: argparse.Namespace) -> SiteOptions:
    from afloc_training.site.survey import SiteOptions

    pairs = [part.partition("=") for part in options.columns.split(",") if part]
    if any(not sign or not name for _, sign, name in pairs):
        raise DatasetError(
            "--columns was not understood.", remedy="Write it as report=Befund,image=Datei."
        )
    return SiteOptions(
        data=options.data,
        reports=options.reports,
        columns=tuple((meaning.strip(), name.strip()) for meaning, _, name in pairs),
        mapping=options.mapping,
        removed=options.remove,
        kept=options.keep,
    )


def _bundle(folder: Path | None) -> Bundle:
    from afloc_desktop.core.model.bundle import load_bundle

    return load_bundle(shipped_bundle() if folder is None else folder)


def shipped_bundle(modality: str = "cxr") -> Path:
    """Folder of the bundle that comes along.

    Raises:
        DatasetError: None does for such images.
    """
    from importlib import resources

    if modality not in ("cxr", "fundus"):
        raise DatasetError(
            "No bundle for such images comes along.", remedy="Name the other one with --against."
        )
    folder = Path(str(resources.files("afloc_resources"))) / "bundles"
    return folder / f"afloc-{modality}-base"


def _refuse_inside(path: Path | None, folder: Path) -> None:
    if path is not None and path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            "The result would be written into a folder it must stay out of.",
            remedy="Write outside the data folder, and originals outside the store.",
        )


def _note_identifiers(survey: Survey) -> None:
    from afloc_training.site.cleaning import clean_reports
    from afloc_training.site.prepare import say_identifiers

    for report in clean_reports(survey.usable(), survey).values():
        say_identifiers(report, survey)


def _finish(
    survey: Survey, options: argparse.Namespace, reporter: Reporter, numbers: dict[str, int]
) -> int:
    """Show what is wrong everywhere it was asked for."""
    from afloc_desktop.core.export.atomic import write_atomically
    from afloc_training.site.fault_tables import as_csv, as_html, as_text
    from afloc_training.site.faults import count_kinds

    faults = survey.verdicts.faults
    counts = {"films": survey.films, "reports": survey.reports, **numbers}
    name = str if options.show_names else survey.shown
    if options.html is not None:
        write_atomically(options.html, as_html(faults, counts, survey.shown))
    if options.csv is not None:
        write_atomically(options.csv, as_csv(faults, name), is_private=True)
    if options.json:
        for f in faults:
            line = {"event": "fault", "severity": f.severity, "kind": f.kind,
                    "file": name(f.file), "row": f.row, "reason": f.reason,
                    "remedy": f.remedy}  # fmt: skip
            print(json.dumps(line))
        print(json.dumps({"event": "result", **counts, "faults": count_kinds(faults)}))
    else:
        sys.stdout.buffer.write(as_text(faults, counts, name).encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.write(b"\n")
    return SOME_FAILED if any(f.severity == "error" for f in faults) else DONE
