"""From a data folder to a store; a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.export.atomic import make_folder
from afloc_desktop.core.preprocess import prepare
from afloc_training.site.checking import Look, check_whole, split_of
from afloc_training.site.cleaning import CleanReport, CleanSentence, clean_reports, total
from afloc_training.site.deidentify import LABELS
from afloc_training.site.eyes import of_this_eye
from afloc_training.site.faults import count_kinds
from afloc_training.site.lock import sole_writer
from afloc_training.site.planes import Plane, PlaneWriter
from afloc_training.site.reading import is_normal
from afloc_training.site.store import StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.site.survey import examine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.progress import Reporter
    from afloc_training.site.survey import Survey
    from afloc_training.site.values import Case

_AGE_GROUPS = ((18, "0-17"), (40, "18-39"), (65, "40-64"), (80, "65-79"), (999, "80+"))
_SEXES = {"F": "F", "W": "F", "M": "M", "O": "O"}
_DEV_SHARE = 0.15  # of the patients, where no table says
_NO_PIXELS = "The image is gone."


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the data.

    Attributes:
        info: Of the store.
        cases: What the store holds.
        reports: Every report that was cleaned, once.
    """

    info: StoreInfo
    cases: tuple[StoredCase, ...]
    reports: tuple[CleanReport, ...]


def make_store(survey: Survey, bundle: Bundle, output: Path, reporter: Reporter) -> Made:
    """Decode, prepare and clean everything that can be used.

    Args:
        survey: What was read; its verdicts take what is found on the way.
        bundle: Whose preprocessing to follow.
        output: The store; outside the data folder.
        reporter: Told how far it is.

    Raises:
        DatasetError: No film can be used, or another run is writing the store.
        ExportError: The folder or the disk refuses; what is there is kept for the next run.
    """
    make_folder(output)
    with sole_writer(output):
        return _make(survey, bundle, output, reporter)


def _make(survey: Survey, bundle: Bundle, output: Path, reporter: Reporter) -> Made:
    spec = store_spec(bundle.manifest.preprocess)
    films = _Films(PlaneWriter(output, spec), spec)
    with reporter.stage("films"):
        examine(survey, reporter, recall=films.recall, keep=films.keep)
        films.writer.flush()
    usable = [case for case in survey.usable() if films.plane(case)]
    with reporter.stage("reports"):
        cleaned = clean_reports(usable, survey)
    for report in cleaned.values():
        say_identifiers(report, survey)
    kept = {id(case): _kept(case, survey, cleaned) for case in usable}
    usable = [case for case in usable if kept[id(case)]]
    if not usable:
        raise DatasetError(
            "No image of the folder can be used for training.",
            remedy="See what is wrong with `afloc-train check`.",
        )
    splits = assign_splits(usable)
    check_whole(usable, set(splits), survey.verdicts)
    cases = _stored(usable, splits, films, kept)
    reports = tuple(cleaned.values())
    info = StoreInfo(
        bundle_id=bundle.manifest.id,
        preprocess=spec,
        cases_sha256="",
        planes=max(case.plane for case in cases) + 1,
        replaced={str(kind): count for kind, count in total(reports).items()},
        faults=count_kinds(survey.verdicts.faults),
        app_version=importlib.metadata.version("afloc-desktop"),
        modality=bundle.manifest.modality,
    )
    info = write_store(output, info, cases)
    films.writer.keep_only(films.key(case) for case in usable)
    return Made(info, cases, reports)


def store_spec(spec: PreprocessSpec) -> PreprocessSpec:
    """How a store holds what a bundle is shown.

    A store holds pictures of one size. A bundle that takes them as they are was trained on
    pictures of its own side, which stay as they are; others are fitted in, and not squeezed. What
    is trained on the store sees pictures in the same way.
    """
    return replace(spec, fit="letterbox") if spec.fit == "as-is" else spec


def say_identifiers(report: CleanReport, survey: Survey) -> None:
    """Note what kinds of identifiers a report holds; a rare word alone is none."""
    kinds = sorted(set(report.replaced) - {"word"})
    if kinds:
        names = ", ".join(LABELS[kind] for kind in kinds)
        survey.verdicts.note("identifiers", report.report, f"The report holds {names}.")


def assign_splits(cases: Sequence[Case]) -> list[str]:
    """The split of every case: the table's, else drawn by patient.

    The draw depends on the patient alone: a store of more films keeps everybody where he was.
    """
    given: dict[str, str] = {}
    for case in cases:
        if split_of(case):
            given[case.patient] = split_of(case)
    missing = sorted({c.patient for c in cases} - given.keys(), key=_draw)
    drawn = {p: "dev" if _draw(p) < _DEV_SHARE else "train" for p in missing}
    if missing and not given and len(set(drawn.values())) == 1 and len(missing) > 1:
        drawn = {p: "dev" if n == 0 else "train" for n, p in enumerate(missing)}
    return [given.get(case.patient) or drawn[case.patient] for case in cases]


def _draw(patient: str) -> float:
    """A number in [0, 1) that is always the same for a patient."""
    digest = hashlib.sha256(f"afloc split {patient}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class _Films:
    """Planes of the cases, found again or made."""

    def __init__(self, writer: PlaneWriter, spec: PreprocessSpec) -> None:
        self.writer = writer
        self._spec = spec
        self._keys: dict[tuple[str, int], str] = {}

    def key(self, case: Case) -> str:
        place = (case.film.name, case.film.ref.frame)
        if place not in self._keys:
            try:
                self._keys[place] = self.writer.key(case.film)
            except OSError:  # gone since it was listed: reading it says so
                return ""
        return self._keys[place]

    def plane(self, case: Case) -> Plane | None:
        return self.writer.find(self.key(case))

    def recall(self, case: Case) -> Look | None:
        plane = self.plane(case)
        if plane is None:
            return None
        return Look(
            plane.pixel_sha256,
            plane.rows,
            plane.columns,
            is_blank=False,
            looks_inverted=plane.looks_inverted,
        )

    def keep(self, case: Case, image: Image, look: Look) -> None:
        prepared = prepare(
            image.pixels,
            self._spec,
            padding=image.padding,
            pixel_aspect=image.pixel_aspect,
            colour=image.colour,
        )
        self.writer.add(self.key(case), prepared, look, self._spec)


def _stored(
    cases: Sequence[Case],
    splits: Sequence[str],
    films: _Films,
    words: dict[int, tuple[CleanSentence, ...]],
) -> tuple[StoredCase, ...]:
    patients = _numbered("p", [case.patient for case in cases])
    studies = _numbered("s", [f"{c.patient} {c.film.study_uid or c.film.name}" for c in cases])
    scanners = _numbered("scanner-", sorted({c.film.scanner for c in cases if c.film.scanner}))
    stored: list[StoredCase] = []
    for case, split in zip(cases, splits, strict=True):
        plane = films.plane(case)
        if plane is None:
            raise DatasetError(_NO_PIXELS, remedy="Start again.")
        kept = words[id(case)]
        texts = tuple(sentence.cleaned.text for sentence in kept)
        stored.append(StoredCase(
            plane=plane.place,
            frame=plane.frame,
            pixel_sha256=plane.pixel_sha256,
            patient=patients[case.patient],
            study=studies[f"{case.patient} {case.film.study_uid or case.film.name}"],
            split=split,
            view=case.view,
            sex=_sex(case),
            age_group=_age_group(case),
            scanner=scanners.get(case.film.scanner, ""),
            is_normal=is_normal(texts),
            sentences=tuple(StoredSentence(s.cleaned.text, s.section) for s in kept),
        ))  # fmt: skip
    return tuple(stored)


def _kept(case: Case, survey: Survey, cleaned: dict[int, CleanReport]) -> tuple[CleanSentence, ...]:
    """The sentences that speak of this film; a report on both eyes speaks of two."""
    kept = cleaned[id(case.report)].kept
    if survey.modality != "fundus":
        return kept
    own = of_this_eye([sentence.written for sentence in kept], case.view)
    return tuple(itertools.compress(kept, own))


def _numbered(prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Made-up names in order of appearance."""
    return {name: f"{prefix}{n:05d}" for n, name in enumerate(dict.fromkeys(names), 1)}


def _sex(case: Case) -> str:
    written = (case.report.sex or case.film.sex).strip().upper()[:1]
    return _SEXES.get(written, "")


def _age_group(case: Case) -> str:
    try:
        age = float(case.report.age) if case.report.age else case.film.age_years
    except ValueError:
        age = case.film.age_years
    if age is None or not 0 <= age < _AGE_GROUPS[-1][0]:
        return ""
    return next(group for limit, group in _AGE_GROUPS if age < limit)
