"""C-ECHO and C-STORE with a report on every object."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, build_context
from pynetdicom.sop_class import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pynetdicom.association import Association

_MOST_CONTEXTS = 128  # of one association (PS3.8 9.3.2.2)
_WARNINGS = (0xB000, 0xB006, 0xB007)  # stored, but not as it was (PS3.4 B.2.3)
_NOT_DICOM = "This is not a DICOM file."
_NOT_TAKEN = "The archive does not take this kind of object, or not in this compression."
_BROKEN = "The connection broke; the archive has not confirmed this object."
_NO_CONNECTION = "There was no connection to the archive."

State = Literal["stored", "warning", "refused", "not sent"]

# pynetdicom logs names of patients when asked for details; nobody asks here.
logging.getLogger("pynetdicom").addHandler(logging.NullHandler())


class Peer(NamedTuple):
    """An archive.

    Attributes:
        host, port: Where it listens.
        called, calling: Its application entity title, and ours; at most 16 characters.
        timeout_s: For connecting, and for each answer.
    """

    host: str
    port: int
    called: str = "ANY-SCP"
    calling: str = "AFLOC"
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file.

    Attributes:
        path: The file.
        sop_instance_uid: Of its object; empty where it is none.
        state: `stored` and `warning` are confirmed by the archive.
        reason: Empty where it is stored.
    """

    path: Path
    sop_instance_uid: str
    state: State
    reason: str = ""


class _Item(NamedTuple):
    path: Path
    sop_class: str
    sop_instance: str
    syntax: str


def echo(peer: Peer) -> bool:
    """Whether an archive is there and answers."""
    association = _entity(peer, [(str(Verification), "1.2.840.10008.1.2")]).associate(
        peer.host, peer.port, ae_title=peer.called
    )
    if not association.is_established:
        return False
    answer = association.send_c_echo()
    association.release()
    return getattr(answer, "Status", None) == 0


def send(
    peer: Peer, paths: Sequence[Path], *, told: Callable[[Report], None] = lambda report: None
) -> tuple[Report, ...]:
    """Send files and say of each what became of it; one that fails costs itself.

    Args:
        peer: Where to.
        paths: Files; read, never changed.
        told: Gets each report as soon as it is known.
    """
    reports: dict[Path, Report] = {}

    def note(report: Report) -> None:
        reports[report.path] = report
        told(report)

    items = []
    for path in dict.fromkeys(paths):
        item = _look_at(path)
        if isinstance(item, Report):
            note(item)
        else:
            items.append(item)
    for group in _groups(items):
        for report in _send_group(peer, group):
            note(report)
    return tuple(reports[path] for path in dict.fromkeys(paths))


def _look_at(path: Path) -> _Item | Report:
    try:
        dataset = dcmread(path, stop_before_pixels=True)
        return _Item(
            path,
            str(dataset.SOPClassUID),
            str(dataset.SOPInstanceUID),
            str(dataset.file_meta.TransferSyntaxUID),
        )
    except (InvalidDicomError, AttributeError):
        return Report(path, "", "not sent", _NOT_DICOM)
    except OSError as error:
        return Report(path, "", "not sent", f"The file cannot be read: {error.strerror}.")


def _groups(items: list[_Item]) -> Iterator[list[_Item]]:
    """Items that fit into one association: at most 128 kinds."""
    group: list[_Item] = []
    kinds: set[tuple[str, str]] = set()
    for item in items:
        kind = (item.sop_class, item.syntax)
        if kind not in kinds and len(kinds) == _MOST_CONTEXTS:
            yield group
            group, kinds = [], set()
        kinds.add(kind)
        group.append(item)
    if group:
        yield group


def _send_group(peer: Peer, items: list[_Item]) -> Iterator[Report]:
    kinds = list(dict.fromkeys((item.sop_class, item.syntax) for item in items))
    association = _entity(peer, kinds).associate(peer.host, peer.port, ae_title=peer.called)
    try:
        taken = {
            (str(c.abstract_syntax), str(c.transfer_syntax[0]))
            for c in association.accepted_contexts
        }
        was_there = association.is_established
        for item in items:
            if not association.is_established:
                reason = _BROKEN if was_there else _NO_CONNECTION
                yield Report(item.path, item.sop_instance, "not sent", reason)
            elif (item.sop_class, item.syntax) not in taken:
                yield Report(item.path, item.sop_instance, "refused", _NOT_TAKEN)
            else:
                yield _store(association, item)
    finally:
        if association.is_established:
            association.release()


def _store(association: Association, item: _Item) -> Report:
    try:
        answer = association.send_c_store(item.path)
    except (RuntimeError, ValueError, OSError):
        # Also: the connection went while the object was on its way.
        return Report(item.path, item.sop_instance, "not sent", _BROKEN)
    status = getattr(answer, "Status", None)
    if status is None:
        return Report(item.path, item.sop_instance, "not sent", _BROKEN)
    if status == 0:
        return Report(item.path, item.sop_instance, "stored")
    state: State = "warning" if status in _WARNINGS else "refused"
    return Report(item.path, item.sop_instance, state, f"The archive answered 0x{status:04X}.")


def _entity(peer: Peer, kinds: Sequence[tuple[str, str]]) -> AE:
    entity = AE(ae_title=peer.calling)
    entity.acse_timeout = entity.dimse_timeout = peer.timeout_s
    entity.network_timeout = entity.connection_timeout = peer.timeout_s
    entity.requested_contexts = [build_context(kind, syntax) for kind, syntax in kinds]
    return entity
