"""Any DICOM object as a readable tree: bounded, and without one value being trusted."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.dicom.guard import foreign_code
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.export.found import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from afloc_desktop.core.dicom.tags import Tags

_DEEPEST, _MOST_NODES, _LONGEST, _MOST_VALUES = 24, 5000, 400, 16
_BINARY = ("OB", "OW", "OD", "OF", "OL", "OV", "UN")


def tree_of(dataset: Dataset, title: str) -> Node:
    """Every element by its name and value.

    Args:
        dataset: Of any object.
        title: Of the root.
    """
    return Node(title, _elements(dataset, 0, [_MOST_NODES]))


def content_tree(tags: Tags) -> Node:
    """The content of a structured report: what is said, by its concepts."""
    return _content(tags, 0, [_MOST_NODES])


def plain(text: str) -> str:
    """Text of a file on one line, control and direction characters as escapes."""
    shown = "".join(c if c.isprintable() else _escaped(c) for c in text[:_LONGEST])
    return shown + ("…" if len(text) > _LONGEST else "")


def meaning_of(tags: Tags, keyword: str) -> str:
    """The meaning of the first code of a sequence; empty where there is none."""
    items = tags.items(keyword)
    return plain(items[0].text("CodeMeaning")) if items else ""


def _escaped(character: str) -> str:
    return " " if character in "\r\n\t" else character.encode("unicode_escape").decode()


def _elements(dataset: Dataset, depth: int, left: list[int]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for tag in sorted(dataset.keys()):
        left[0] -= 1
        if left[0] < 0 or depth > _DEEPEST:
            return (*nodes, Node("…"))
        try:
            with foreign_code(""):
                element = dataset[tag]
                name, kind, value = str(element.name), str(element.VR), element.value
        except UnreadableFile:
            nodes.append(Node(f"{tag}: cannot be read"))
            continue
        if kind == "SQ":
            nodes.append(Node(plain(name), _items(value, depth + 1, left)))
        else:
            nodes.append(Node(f"{plain(name)}: {_shown(kind, value)}"))
    return tuple(nodes)


def _items(items: Sequence[Dataset], depth: int, left: list[int]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for number, item in enumerate(items, 1):
        left[0] -= 1
        if left[0] < 0:
            return (*nodes, Node("…"))
        nodes.append(Node(str(number), _elements(item, depth, left)))
    return tuple(nodes)


def _shown(kind: str, value: Any) -> str:
    if kind in _BINARY or isinstance(value, bytes):
        return f"{len(value)} bytes" if value else ""
    try:
        with foreign_code(""):
            if isinstance(value, MutableSequence):
                rest = ", …" if len(value) > _MOST_VALUES else ""
                return plain(", ".join(str(v) for v in value[:_MOST_VALUES])) + rest
            return plain("" if value is None else str(value))
    except UnreadableFile:
        return "cannot be read"


def _content(tags: Tags, depth: int, left: list[int]) -> Node:
    concept = meaning_of(tags, "ConceptNameCodeSequence")
    value = _content_value(tags)
    text = f"{concept}: {value}" if concept and value else concept or value or "content"
    children = []
    for item in tags.items("ContentSequence"):
        left[0] -= 1
        if left[0] < 0 or depth > _DEEPEST:
            children.append(Node("…"))
            break
        children.append(_content(item, depth + 1, left))
    return Node(text, tuple(children))


def _content_value(tags: Tags) -> str:
    kind = tags.text("ValueType")
    if kind == "NUM":
        measured = tags.items("MeasuredValueSequence")
        if not measured:
            return "no value"
        unit = meaning_of(measured[0], "MeasurementUnitsCodeSequence")
        number = _number(measured[0])
        return number if unit in ("", "no units") else f"{number} {unit}"
    if kind == "CODE":
        return meaning_of(tags, "ConceptCodeSequence")
    if kind in ("SCOORD", "SCOORD3D"):
        return (
            f"{plain(tags.text('GraphicType'))} of {len(tags.numbers('GraphicData')) // 2} points"
        )
    keyword = {
        "TEXT": "TextValue",
        "PNAME": "PersonName",
        "UIDREF": "UID",
        "DATE": "Date",
        "TIME": "Time",
        "DATETIME": "DateTime",
    }.get(kind)
    if keyword:
        return plain(tags.text(keyword))
    return plain(kind.lower()) if kind not in ("CONTAINER", "") else ""


def _number(tags: Tags) -> str:
    number = tags.number("NumericValue")
    return "no number" if number is None else f"{number:.6g}"
