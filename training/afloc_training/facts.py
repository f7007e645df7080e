"""What is known to be on a film: painted lesions, and the truth of a claim about them.

A claim is the meaning of a sentence; sentences themselves live in `sentences`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from afloc_training.vocabulary import ABNORMALITY, OPACITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.domain import Side, Zone
    from afloc_training.tuning.said import Said

Size = Literal["small", "moderate", "large"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A painted lesion in words.

    Attributes:
        finding: Its id.
        side: The patient's side; None for what has no side.
        zone: None where it spans several.
        size: None where it is not said.
        device: Kind of a painted device, None for lesions.
    """

    finding: str
    side: Side | None = None
    zone: Zone | None = None
    size: Size | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says; `is_negated` says that it is absent."""

    finding: str
    is_negated: bool = False
    side: Side | None = None
    zone: Zone | None = None
    size: Size | None = None
    device: str | None = None

    @property
    def details(self) -> int:
        """How many details it gives beyond the finding."""
        return sum(d is not None for d in (self.side, self.zone, self.size, self.device))


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """All that is known of one film.

    Attributes:
        labels: Ids of the findings the film was labelled with as a whole, or said to show.
        painted: What was painted on it.
        said: What its own text says; None for a film without text. What a text leaves out is
            unknown, and what labels leave out is absent.
    """

    labels: frozenset[str]
    painted: tuple[Fact, ...] = ()
    said: Said | None = None

    @property
    def findings(self) -> frozenset[str]:
        """Every finding labelled or painted."""
        return self.labels | {fact.finding for fact in self.painted}


def truth(claim: Claim, film: FilmFacts) -> bool | None:
    """Whether the positive content of a claim holds on a film without text; None: nobody knows.

    A negated claim is judged as if it were not negated: the caller turns the answer round.
    Labels say nothing of place and are exchanged among look-alikes, so much stays unknown; that
    keeps false negatives out of the training by construction.
    """
    if claim.finding == ABNORMALITY:
        return bool(film.findings - {"support_devices"})
    if claim.finding == "support_devices":
        return _device_truth(claim, film.painted)
    answers = [_fits(claim, fact) for fact in film.painted if _is_about(claim, fact)]
    if True in answers:
        return True
    if _is_labelled(claim.finding, film.labels):
        return True if claim.details == 0 else None
    if None in answers or _could_be_meant(claim.finding, film):
        return None
    if claim.finding in OPACITIES and _has_opacity(film) and False not in answers:
        return None
    return False


def shown_by(claim: Claim, painted: Iterable[Fact]) -> tuple[str, ...]:
    """Findings whose painted masks are what a true claim speaks of; empty where none is exact.

    A one-sided claim about a lesion on both sides is true, but its mask would be too large.
    """
    return tuple(
        fact.finding
        for fact in painted
        if _is_about(claim, fact)
        and _fits(claim, fact) is True
        and (claim.side == fact.side or claim.side is None or fact.side != "bilateral")
        and (claim.device is None or claim.device == fact.device)
    )


def _device_truth(claim: Claim, painted: Iterable[Fact]) -> bool | None:
    """Films have unlabelled tubes: never known to be absent."""
    devices = {fact.device for fact in painted if fact.finding == "support_devices"}
    if devices and (claim.device is None or claim.device in devices):
        return True
    return None


def _is_about(claim: Claim, fact: Fact) -> bool:
    if claim.finding == fact.finding:
        return True
    if claim.finding == "lung_opacity":
        return fact.finding in OPACITIES
    return {claim.finding, fact.finding} == {"consolidation", "pneumonia"}


def _fits(claim: Claim, fact: Fact) -> bool | None:
    """Whether the details of a claim hold for a painted lesion it is about."""
    if claim.side == "bilateral" and fact.side != "bilateral":
        return False
    if claim.side in ("right", "left") and fact.side not in (claim.side, "bilateral"):
        return False
    if claim.zone is not None and fact.zone != claim.zone:
        return None if fact.zone is None else False
    if claim.size is not None and fact.size != claim.size:
        return False if {claim.size, fact.size} == {"small", "large"} else None
    return True


def _is_labelled(finding: str, labels: frozenset[str]) -> bool:
    return finding in labels or (finding == "lung_opacity" and bool(labels & OPACITIES))


def _has_opacity(film: FilmFacts) -> bool:
    return bool(film.findings & OPACITIES)


def _could_be_meant(finding: str, film: FilmFacts) -> bool:
    """Whether a look-alike on the film makes the absence of a finding uncertain."""
    rounds = {"nodule", "mass"}
    if finding in OPACITIES and film.labels & OPACITIES:
        return True
    if finding in OPACITIES - {"atelectasis", "pulmonary_edema"}:
        return bool(film.findings & (rounds | {"pleural_effusion", "fibrosis"}))
    if finding in rounds:
        return bool(film.findings & (rounds | OPACITIES))
    return finding == "pleural_thickening" and "pleural_effusion" in film.findings
