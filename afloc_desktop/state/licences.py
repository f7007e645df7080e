"""What the product is made of and under which licences, from what its parts say of themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OWN = "afloc-desktop"
_LONGEST_NAME = 200  # letters; a longer one is the text of the licence
_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
_COPYLEFT = re.compile(r"GPL|General Public License", re.IGNORECASE)
_MILD = re.compile(r"LGPL|Lesser General Public|exception", re.IGNORECASE)
_TEXT_FILE = re.compile(r"LICEN[CS]E|COPYING|NOTICE", re.IGNORECASE)
_CODE_FILE = re.compile(r"\.(py|pyc|pyi|json|html)$")


@dataclass(frozen=True, slots=True)
class Part:
    """Something the product is made of.

    Attributes:
        name, version: As its maker calls it.
        licence: An SPDX expression where `is_spdx`, else the maker's own words.
        is_spdx: See there.
        texts: Names and contents of its licence files.
        source: `pypi`, or `generic` for what is no package.
    """

    name: str
    version: str
    licence: str
    is_spdx: bool = True
    texts: tuple[tuple[str, str], ...] = ()
    source: str = "pypi"


def part(name: str) -> Part | None:
    """An installed package; None where there is none of that name."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    expression = _stated(found, "License-Expression")
    licence = expression or _in_words(found)
    texts = tuple(_texts(found))
    return Part(found.metadata["Name"], found.version, licence, bool(expression), texts)


def required(extra: str = "") -> tuple[Part, ...]:
    """All packages the product needs, by name: its requirements, and theirs.

    Args:
        extra: One of the product's own, such as `train`; empty for the desktop alone.
    """
    waiting = list(_requirements(OWN, extra))
    found: dict[str, Part] = {}
    while waiting:
        name = waiting.pop()
        one = part(name) if _key(name) not in found else None
        if one is not None:
            found[_key(name)] = one
            waiting += _requirements(name)
    return tuple(found[key] for key in sorted(found))


def is_copyleft(licence: str) -> bool:
    """Whether the GPL or AGPL is all that is offered.

    An alternative (`OR`) leaves a choice, and an exception for what is linked with it leaves ours.
    """
    return all(
        any(_COPYLEFT.search(word) and not _MILD.search(word) for word in choice.split(" AND "))
        for choice in licence.split(" OR ")
    )


def third_party(parts: Sequence[Part]) -> str:
    """A page of Markdown: a list of the parts, then their licences as their makers wrote them."""
    lines = ["# Third-party software", ""]
    lines += [f"AFLoc Desktop {__version__} is made with these parts, each under its own licence."]
    lines += ["", *(f"- {one.name} {one.version}: {one.licence}" for one in parts)]
    for one in parts:
        for name, text in one.texts:
            lines += ["", f"## {one.name}: {name}", ""]
            lines += [f"    {line}".rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def sbom(parts: Iterable[Part]) -> dict[str, Any]:
    """The parts as a CycloneDX 1.6 document, the same for the same parts."""
    own = Part(OWN, __version__, "Apache-2.0")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**_component(own), "type": "application"}},
        "components": [_component(one) for one in parts],
    }


def _component(one: Part) -> dict[str, Any]:
    licence = {"expression": one.licence} if one.is_spdx else {"license": {"name": one.licence}}
    address = f"pkg:{one.source}/{_key(one.name)}@{one.version.replace(' ', '-')}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": one.name,
        "version": one.version,
        "purl": address,
        "licenses": [licence],
    }


def _key(name: str) -> str:
    """One spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(name: str, extra: str = "") -> Iterator[str]:
    for line in metadata.distribution(name).requires or ():
        asked = _EXTRA.search(line)
        wanted = _NAME.match(line)
        if wanted and (asked is None or asked.group(1) == extra):
            yield wanted.group()


def _stated(found: metadata.Distribution, field: str) -> str:
    """The first of the lines of this name; empty where there is none."""
    return next(iter(found.metadata.get_all(field) or ()), "")


def _in_words(found: metadata.Distribution) -> str:
    """What older packages say, who have a line for it or a heading in a catalogue."""
    line = _stated(found, "License").strip()
    kinds = found.metadata.get_all("Classifier") or ()
    headings = [k.rpartition(" :: ")[2] for k in kinds if k.startswith("License :: ")]
    if line and line != "UNKNOWN" and "\n" not in line and len(line) <= _LONGEST_NAME:
        return line
    return " AND ".join(headings) or line[:_LONGEST_NAME].partition("\n")[0] or "not stated"


def _texts(found: metadata.Distribution) -> Iterator[tuple[str, str]]:
    # Not `files`: that makes an object of each of a package's ten thousand names.
    record = found.read_text("RECORD") or ""
    names = (line.rsplit(",", 2)[0].strip('"') for line in record.splitlines())
    for name in names:
        last = name.rpartition("/")[2]
        if _TEXT_FILE.search(last) and not _CODE_FILE.search(last):
            path = Path(str(found.locate_file(name)))
            if path.is_file():
                yield name, path.read_text(encoding="utf-8", errors="replace")
