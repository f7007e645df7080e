"""Everything wrong with joined films and reports, before an hour is spent on them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from afloc_desktop.core.colours import wrong_kind
from afloc_desktop.core.dicom.polarity import looks_inverted
from afloc_training.site.eyes import find_eye, of_this_eye
from afloc_training.site.faults import Fault, fault
from afloc_training.site.languages import guess_language
from afloc_training.site.reading import is_normal, read_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from afloc_desktop.core.domain import Image
    from afloc_training.site.values import Case, Report

SPLITS = {"train": "train", "training": "train", "dev": "dev", "val": "dev", "valid": "dev",
          "validation": "dev", "test": "test", "testing": "test"}  # fmt: skip
_BODY = {
    "cxr": re.compile(r"CHEST|THORA|LUNG|RIB|HEART|MEDIAST|STERNUM|CLAVIC|TORAX|^CH$"),
    "fundus": re.compile(r"EYE|RETINA|FUNDUS|MACULA|OPTIC|OCUL|OPHTH"),
}
_VIEWS = {"cxr": ("unknown_view", "view"), "fundus": ("unknown_eye", "eye")}
_COLOURS = {
    "colour": "The picture is in colour; the model reads radiographs.",
    "grey": "The picture has no colours; the model reads photographs.",
}
_DAMAGED = re.compile(
    r"\ufffd|Ã[\x80-\xbf¡-¿]|â€|\w\?\w|(?<=\s)\?[a-zà-ÿ]{2}|[\x01-\x08\x0b\x0c\x0e-\x1f]"
)
LONGEST_REPORT = 20_000  # characters; the longest of the Indiana collection has 1,500
_LONGEST_WORD = 100
_SMALL_SIDE = 256  # pixels; the smallest network input in use is 224
_FEWEST_FILMS = 200
_FEWEST_NORMAL = 0.1  # share of the films
_MOST_QUESTIONS = 0.4  # share of the sentences
_FEWEST_QUESTIONS = 2
_OLDEST = 125  # years
_MOST_SINGLE = 0.5  # share of the cases above which a fault is said once


@dataclass(frozen=True, slots=True)
class Look:
    """What counts of a decoded film.

    Attributes:
        pixel_sha256: Of the stored values.
        rows, columns: Its size.
        is_blank: All pixels have one value.
        looks_inverted: Bones seem to be dark.
        wrong_colour: `colour` or `grey` where the model reads the other; None where it fits.
    """

    pixel_sha256: str
    rows: int
    columns: int
    is_blank: bool
    looks_inverted: bool = False
    wrong_colour: Literal["colour", "grey"] | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it is a picture of the kind that is read."""
        return not self.is_blank and self.wrong_colour is None


def look_at(image: Image, modality: str = "cxr") -> Look:
    """What counts of a film; `modality` is what the model reads."""
    values = image.pixels if image.padding is None else image.pixels[~image.padding]
    is_blank = values.size == 0 or float(np.ptp(values)) == 0
    is_negative = modality == "cxr" and looks_inverted(image.pixels)
    kind = None if is_blank else wrong_kind(image.colour, modality)
    return Look(image.pixel_sha256, image.rows, image.columns, is_blank, is_negative, kind)


class Verdicts:
    """Faults found so far and the films they keep out of the training."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._out: set[tuple[str, int]] = set()

    def about_report(self, kind: str, case: Case, reason: str, remedy: str = "") -> None:
        """Something wrong in the words of a case."""
        self._add(fault(kind, case.report.file, case.report.row, reason, remedy), case)

    def about_film(self, kind: str, case: Case, reason: str, remedy: str = "") -> None:
        """Something wrong with the film of a case."""
        self._add(fault(kind, case.film.name, case.report.row, reason, remedy), case)

    def note(self, kind: str, report: Report, reason: str) -> None:
        """Something about a report that keeps nothing out."""
        self.faults.append(fault(kind, report.file, report.row, reason))

    def about_all(self, kind: str, reason: str, remedy: str = "") -> None:
        """Something wrong with the data set as a whole."""
        self.faults.append(fault(kind, "", None, reason, remedy))

    def leave_out(self, case: Case) -> None:
        """Keep a film out though nothing is wrong with it."""
        self._out.add(_key(case))

    def left(self, cases: Iterable[Case]) -> tuple[Case, ...]:
        """Those that nothing keeps out."""
        return tuple(case for case in cases if _key(case) not in self._out)

    def _add(self, found: Fault, case: Case) -> None:
        self.faults.append(found)
        if found.severity == "error":
            self._out.add(_key(case))


def _key(case: Case) -> tuple[str, int]:
    return case.film.name, case.film.ref.frame


def check_cases(
    cases: Sequence[Case],
    modalities: Sequence[str],
    language: str,
    verdicts: Verdicts,
    modality: str = "cxr",
) -> None:
    """Whatever shows without decoding a film.

    Args:
        cases: All that were joined.
        modalities: Of films the bundle is made for.
        language: The one its text encoder knows.
        verdicts: Takes the faults.
        modality: What the bundle reads: `cxr`, `fundus` or `histo`.
    """
    frames = Counter(case.film.name for case in cases)
    for case in cases:
        _check_kind(case, modalities, modality, verdicts)
        _check_header(case, frames[case.film.name], verdicts)
    for of_report in _by_report(cases):
        for case in of_report[:1]:
            problem = report_problem(case.report, language)
            if problem:
                for member in of_report:
                    verdicts.about_report(problem[0], member, problem[1])
            for kind, reason in report_doubts(case.report):
                verdicts.about_report(kind, case, reason)
    _check_same_words(cases, verdicts)
    _check_splits(cases, verdicts)
    _check_unknown(verdicts.left(cases), modality, verdicts)


def check_whole(cases: Sequence[Case], splits: Iterable[str], verdicts: Verdicts) -> None:
    """What shows of the films that are left: enough of them, enough normal ones, two splits."""
    frontal = [case for case in cases if case.view != "lateral"]
    if len(frontal) < _FEWEST_FILMS:
        verdicts.about_all("few_films", f"Only {len(frontal)} images can be used.")
    normal = sum(is_normal(learned(case.report)) for case in frontal)
    if frontal and normal < _FEWEST_NORMAL * len(frontal):
        reason = f"Only {normal} of {len(frontal)} images are reported as normal."
        verdicts.about_all("few_negatives", reason)
    there = set(splits)
    if frontal and there and not {"train", "dev"} <= there:
        verdicts.about_all("outvoted_split", "No image is in the split train, or none in dev.")


def learned(report: Report) -> tuple[str, ...]:
    """The sentences of a report that would be learned from, as written."""
    return tuple(s.text for s in read_sentences(report.text) if s.section != "left_out")


def report_problem(report: Report, language: str) -> tuple[str, str] | None:
    """Why a report cannot be used: kind and reason; None where it can."""
    text = report.text
    if len(text) > LONGEST_REPORT or any(len(word) > _LONGEST_WORD for word in text.split()):
        return "long_report", "The report is longer, or in longer words, than any report."
    if not text.strip():
        return "empty_report", "The report is empty."
    found = guess_language(text)
    if found not in (None, language):
        return "language", f"The report seems to be in {found}; the text encoder knows {language}."
    if not learned(report):
        return "empty_report", "The report has no findings and no impression."
    return None


def report_doubts(report: Report) -> list[tuple[str, str]]:
    """What is odd about a report without making it useless: kinds and reasons."""
    found: list[tuple[str, str]] = []
    if _DAMAGED.search(report.text):
        found.append(("encoding", "The report holds characters that a wrong encoding leaves."))
    sentences = read_sentences(report.text)
    questions = sum(s.text.endswith("?") for s in sentences)
    if questions >= _FEWEST_QUESTIONS and questions >= _MOST_QUESTIONS * len(sentences):
        found.append(("questions", "The report consists of questions and short answers."))
    return found


def check_look(case: Case, look: Look, seen: dict[str, Case], verdicts: Verdicts) -> None:
    """What a decoded film shows.

    Args:
        case: Whose film it is.
        look: What was seen of it.
        seen: Films so far by their pixels; takes this one.
        verdicts: Takes the faults.
    """
    if look.is_blank:
        verdicts.about_film("blank_film", case, "All pixels of the image have one value.")
        return
    if max(look.rows, look.columns) < _SMALL_SIDE:
        reason = f"The image has {look.rows} x {look.columns} pixels."
        verdicts.about_film("small_film", case, reason)
    if look.wrong_colour:
        verdicts.about_film("wrong_colour", case, _COLOURS[look.wrong_colour])
        return
    if look.looks_inverted:
        verdicts.about_film("inverted_film", case, "Bones are dark and lungs bright.")
    first = seen.setdefault(look.pixel_sha256, case)
    if first is case:
        return
    if first.patient == case.patient:
        reason = "The same pixels stand in an earlier image of this patient."
        verdicts.about_film("duplicate_film", case, reason)
        verdicts.leave_out(case)
    else:
        reason = "The same pixels stand in an image of another patient."
        for one in (first, case):
            verdicts.about_film("shared_film", one, reason)


def split_of(case: Case) -> str:
    """`train`, `dev`, `test`, or empty where the table does not say."""
    return SPLITS.get(case.report.split.strip().lower(), "")


def _check_kind(case: Case, modalities: Sequence[str], modality: str, verdicts: Verdicts) -> None:
    film, part = case.film, _BODY.get(modality)
    if film.modality and film.modality not in modalities:
        reason = "The image is of a modality the model is not made for."
        verdicts.about_film("wrong_modality", case, reason)
    elif film.body_part and part and not part.search(film.body_part):
        verdicts.about_film("wrong_modality", case, "The image shows another part of the body.")
    if modality == "fundus":
        _check_eye(case, verdicts)


def _check_eye(case: Case, verdicts: Verdicts) -> None:
    words = learned(case.report)
    if {case.view, find_eye(case.report.view)} == {"right", "left"}:
        verdicts.about_film("other_eye", case, "Table and photograph name different eyes.")
    elif words and not any(of_this_eye(words, case.view)):
        verdicts.about_film("other_eye", case, "No sentence speaks of the eye that is shown.")


def _check_header(case: Case, frames: int, verdicts: Verdicts) -> None:
    film = case.film
    if frames > 1:
        verdicts.about_film("multi_frame", case, f"The file holds {frames} images.")
    if not _is_plausible(case.report):
        verdicts.about_report("odd_value", case, "The age or sex of this row cannot be read.")
    if film.has_burned_in:
        verdicts.about_film("burned_in", case, "The file says that text is burned into its pixels.")
    if case.view == "lateral":
        verdicts.about_film("lateral_film", case, "The film is a lateral one.")


def _is_plausible(report: Report) -> bool:
    if report.sex and report.sex.strip().upper()[:1] not in ("F", "W", "M", "O", "U"):
        return False
    try:
        return not report.age or 0 <= float(report.age) <= _OLDEST
    except ValueError:
        return False


def _by_report(cases: Iterable[Case]) -> Iterable[list[Case]]:
    grouped: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[id(case.report)].append(case)
    return grouped.values()


def _check_same_words(cases: Sequence[Case], verdicts: Verdicts) -> None:
    """The same text under several patients; normal phrases are the same by habit."""
    grouped: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[" ".join(case.report.text.split()).lower()].append(case)
    for text, members in grouped.items():
        patients = {case.patient for case in members}
        if text and len(patients) > 1 and not is_normal(learned(members[0].report)):
            for case in members:
                reason = f"{len(patients)} patients have exactly this report."
                verdicts.about_report("identical_reports", case, reason)


def _check_splits(cases: Sequence[Case], verdicts: Verdicts) -> None:
    of_patient: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.report.split and not split_of(case):
            verdicts.about_report("unknown_split", case, "The split of this row is not known.")
        of_patient[case.patient].append(case)
    for members in of_patient.values():
        if len({split_of(case) for case in members} - {""}) > 1:
            for case in members:
                reason = "The patient of this image is in two splits."
                verdicts.about_report("two_splits", case, reason)


def _check_unknown(cases: Sequence[Case], modality: str, verdicts: Verdicts) -> None:
    unknown = [c for c in cases if not c.report.patient_id and not c.film.patient_id]
    reason = "Neither file nor table says whose image it is."
    _each_or_all("unknown_patient", unknown, len(cases), reason, verdicts)
    unseen = [c for c in cases if c.view == "unknown"]
    if modality in _VIEWS:
        kind, what = _VIEWS[modality]
        reason = f"Neither file nor table says which {what} it is."
        _each_or_all(kind, unseen, len(cases), reason, verdicts)


def _each_or_all(
    kind: str, those: Sequence[Case], of: int, reason: str, verdicts: Verdicts
) -> None:
    """One fault each, or a single one where most cases have it."""
    if len(those) > _MOST_SINGLE * of:
        verdicts.about_all(kind, f"{len(those)} of {of} images: {reason[0].lower()}{reason[1:]}")
        return
    for case in those:
        verdicts.about_film(kind, case, reason)
