"""What can be wrong with a site's data: each kind with how grave it is and what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        title: What it is, for a heading.
        severity: An error keeps its film or report out of the training; a warning does not.
        remedy: What to do, one sentence.
    """

    title: str
    severity: Severity
    remedy: str


KINDS = {
    "missing_film": Kind("Image not found", "error", "Copy the image there, or correct the row."),
    "missing_report": Kind(
        "Image without a report",
        "warning",
        "Add its report, or leave the image out; it is not used.",
    ),
    "empty_report": Kind(
        "Report without words about the image", "error", "Write findings or an impression into it."
    ),
    "identical_reports": Kind(
        "Same report for several patients",
        "warning",
        "Check whether a template was exported in place of the reports.",
    ),
    "encoding": Kind(
        "Damaged characters", "warning", "Export the reports again as UTF-8 and check accents."
    ),
    "bad_row": Kind(
        "Row that cannot be read", "error", "Correct the row: quotes and commas first."
    ),
    "formula": Kind(
        "Cell with a formula", "error", "Export the text of the report and not a formula."
    ),
    "outside": Kind(
        "Path that leads out of the folder",
        "error",
        "Keep all images below the data folder and name them from there.",
    ),
    "contradiction": Kind(
        "Several different reports of one image",
        "error",
        "Keep the report that was signed last and remove the others.",
    ),
    "repeated_row": Kind("Same row twice", "warning", "Remove the second row."),
    "ambiguous": Kind(
        "Report that fits several images",
        "error",
        "Name the image from the data folder down, or use its study UID.",
    ),
    "two_splits": Kind(
        "Patient in two splits", "error", "Give all images of a patient the same split."
    ),
    "unknown_split": Kind(
        "Unknown split", "warning", "Write train, dev or test; the patient is drawn by chance now."
    ),
    "two_patients": Kind(
        "Patient ID contradicts the image",
        "error",
        "Find out whose image it is before it is used.",
    ),
    "unknown_patient": Kind(
        "Patient unknown",
        "warning",
        "Add a column patient_id; images of one patient may end in two splits.",
    ),
    "unreadable_film": Kind("Image that cannot be read", "error", "Fetch the image again."),
    "unreadable_report": Kind(
        "Report that cannot be read", "error", "Fetch the report again, or give it as text."
    ),
    "wrong_modality": Kind(
        "Not what the model reads",
        "error",
        "Leave it out, or prepare for a bundle that was made for such images with --bundle.",
    ),
    "wrong_colour": Kind(
        "Colour where grey is read, or grey where colour is",
        "error",
        "Leave it out, or prepare for a bundle that was made for such images with --bundle.",
    ),
    "unknown_eye": Kind(
        "Right or left unknown",
        "warning",
        "Say right or left in a column view; sentences that name one eye are left out.",
    ),
    "other_eye": Kind(
        "Report of the other eye", "error", "Find out which eye the photograph shows."
    ),
    "multi_frame": Kind("Several images in one file", "error", "Export the image alone."),
    "lateral_film": Kind("Lateral film", "warning", "Nothing to do: only frontal films are used."),
    "unknown_view": Kind(
        "View unknown", "warning", "Say PA, AP or lateral in a column view; it is taken as frontal."
    ),
    "duplicate_film": Kind(
        "Same image twice", "warning", "Remove one; only the first is used."
    ),
    "shared_film": Kind(
        "Same image under two patients", "error", "Find out whose image it is before it is used."
    ),
    "blank_film": Kind("Empty image", "error", "Remove it."),
    "small_film": Kind(
        "Image too small", "warning", "Export it in full size; small findings cannot be seen."
    ),
    "inverted_film": Kind(
        "Film that looks like its negative",
        "warning",
        "Export it with bones bright; where it is DICOM, its MONOCHROME tag may be wrong.",
    ),
    "odd_value": Kind(
        "Age or sex that cannot be", "warning", "Write years as a number, and F, M or O."
    ),
    "burned_in": Kind(
        "Name burned into the pixels", "error", "Export the image without the burned-in text."
    ),
    "identifiers": Kind(
        "Report names people, dates or numbers",
        "warning",
        "Nothing to do where the review page shows them replaced; else extend the word lists.",
    ),
    "language": Kind(
        "Language the text encoder does not know",
        "error",
        "Translate the reports, or use a bundle whose text encoder knows the language.",
    ),
    "questions": Kind(
        "Questions and answers, not a report", "warning", "Give the written report instead."
    ),
    "long_report": Kind(
        "Report of unlikely length", "error", "Check the row; a quote may be missing before it."
    ),
    "few_negatives": Kind(
        "Too few images without findings",
        "warning",
        "Add normal images with their reports: without them everything looks abnormal.",
    ),
    "few_films": Kind(
        "Too few images", "warning", "Collect more; below 200 little can be learned."
    ),
    "outvoted_split": Kind(
        "A split is empty", "warning", "Give some patients the split train and others dev."
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: A key of `KINDS`.
        file: Where: a path below the data folder; empty where the whole data set is meant.
        row: Of a table, as a spreadsheet counts; None elsewhere.
        reason: What is wrong, one sentence that repeats nothing of a report or a header.
        remedy: What to do.
    """

    kind: str
    file: str
    row: int | None
    reason: str
    remedy: str

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return KINDS[self.kind].severity


def fault(kind: str, file: str, row: int | None, reason: str, remedy: str = "") -> Fault:
    """A fault with the remedy of its kind unless a better one is known."""
    return Fault(kind, file, row, reason, remedy or KINDS[kind].remedy)


def count_kinds(faults: Iterable[Fault]) -> dict[str, int]:
    """How many there are of each kind, errors first, then the most frequent."""
    counts = Counter(f.kind for f in faults)
    order = sorted(counts, key=lambda k: (KINDS[k].severity != "error", -counts[k], k))
    return {kind: counts[kind] for kind in order}
