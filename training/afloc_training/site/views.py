"""Frontal or lateral: training looks at frontal films alone."""

from __future__ import annotations

import re
from typing import Literal

View = Literal["frontal", "lateral", "unknown"]

_FRONTAL = frozenset(("PA", "AP", "FRONTAL"))
_LATERAL = frozenset(("LL", "RL", "L", "LAT", "LATERAL", "RLD", "LLD", "LLO", "RLO"))
_FRONTAL_WORDS = re.compile(
    r"(?<![a-z])(?:pa|ap|p\.a|a\.p|postero-?anterior|antero-?posterior|frontal|supine|erect|bedside)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_LATERAL_WORDS = re.compile(r"(?<![a-z])(?:lat|lateral|seitlich|profil|ll)(?![a-z])", re.IGNORECASE)


def find_view(view_position: str, words: str, patient_orientation: str) -> View:
    r"""Sort a film into frontal and lateral.

    Args:
        view_position: DICOM's code or a table's word; it decides where it is known.
        words: Descriptions of series and protocol; they decide where they name one view alone,
            since "PA and lateral" describes an examination and not a film.
        patient_orientation: `L\F` of a frontal film, `A\F` or `P\F` of a lateral one.
    """
    first = re.split(r"[\s,/]+", view_position.strip().upper())[0]
    if first in _FRONTAL:
        return "frontal"
    if first in _LATERAL:
        return "lateral"
    is_frontal, is_lateral = bool(_FRONTAL_WORDS.search(words)), bool(_LATERAL_WORDS.search(words))
    if is_frontal != is_lateral:
        return "frontal" if is_frontal else "lateral"
    towards = patient_orientation[:1].upper()
    if towards in ("L", "R"):
        return "frontal"
    return "lateral" if towards in ("A", "P") else "unknown"
