"""What is read from a site: films, reports, what belongs together. All of it may name people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from afloc_desktop.core.domain import ImageRef
    from afloc_training.site.eyes import Eye
    from afloc_training.site.views import View

Split = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True)
class Film:
    """A film of the data folder, not decoded.

    Attributes:
        ref: Where it is; without a UID for pictures.
        name: Path below the data folder, with `/`; of an archive, its member behind it.
        is_picture: A JPEG or PNG: nothing is known of it but its pixels.
        study_uid, accession_number, patient_id: Empty where unknown.
        modality, body_part: As in the file, upper case.
        view: As far as the header tells.
        eye: `R`, `L`, `B` for both, or empty, of a photograph of an eye.
        sex: `F`, `M`, `O` or empty.
        age_years: None where unknown.
        scanner: Maker and model.
        has_burned_in: The file says that a name is burned into the pixels.
        identifiers: What its header names.
    """

    ref: ImageRef
    name: str
    is_picture: bool
    study_uid: str = ""
    accession_number: str = ""
    patient_id: str = ""
    modality: str = ""
    body_part: str = ""
    view: View = "unknown"
    eye: str = ""
    sex: str = ""
    age_years: int | None = None
    scanner: str = ""
    has_burned_in: bool = False
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The words about a film or a study.

    Attributes:
        text: As written.
        file: Table or document it stands in, below the data folder.
        row: Of a table, as a spreadsheet counts; None of a document.
        image: What the site calls the film; empty where it names a study.
        keys: What else may name its film or study, the best first: file names, other numbers.
        study_uid, accession_number, patient_id: Empty where it does not say.
        split: As written; empty where it does not say.
        view: As written.
        sex, age: As written.
        identifiers: Names and numbers that stand beside it.
    """

    text: str
    file: str
    row: int | None
    image: str = ""
    keys: tuple[str, ...] = ()
    study_uid: str = ""
    accession_number: str = ""
    patient_id: str = ""
    split: str = ""
    view: str = ""
    sex: str = ""
    age: str = ""
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A film and what was reported of it.

    Attributes:
        patient: Whose it is, as the site calls the patient; unlike any other where unknown.
        view: From header and table; of a photograph of an eye, which eye it is.
    """

    film: Film
    report: Report
    patient: str
    view: View | Eye
