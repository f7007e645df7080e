"""The prior of a study among those that were listed before, found without opening anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.hanging import is_comparable, is_same_patient
from afloc_desktop.state.index import Query

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.domain import Study
    from afloc_desktop.state.index import StudyIndex


def prior_files(index: StudyIndex, current: Study, open_uids: frozenset[str]) -> tuple[Path, ...]:
    """Files of the latest earlier study of the same patient with a film of a like modality.

    Empty where none is known, where it is open already or its files have gone, and where a date
    or an ID is missing.
    """
    if not current.patient_id or not current.date:
        return ()
    modalities = {series.modality.upper() for series in current.series}
    for known in index.search(Query(patient=current.patient_id, date_to=current.date)):
        is_earlier = "" < known.date < current.date
        if is_earlier and is_same_patient(known, current):
            its = known.modalities.upper().split()
            if any(is_comparable(one, other) for one in its for other in modalities):
                is_open = known.uid in open_uids
                return () if is_open else tuple(p for p in index.files(known) if p.exists())
    return ()
