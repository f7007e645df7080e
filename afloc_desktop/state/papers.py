"""What the application brings to read: guides, licences, the model's card. All of it is local."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.model.bundle import open_bundle
from afloc_desktop.state.licences import OWN, required, sbom, third_party
from afloc_desktop.state.models import installed, shipped

if TYPE_CHECKING:
    from afloc_desktop.state.paths import Paths

# The order in which people ask for them; others follow by their titles.
_FIRST = (
    "radiologist-guide.md",
    "fundus-guide.md",
    "histo-guide.md",
    "physicist-guide.md",
    "administrator-guide.md",
    "intended-use.md",
    "troubleshooting.md",
    "conformance.md",
)
_THIRD_PARTY = "THIRD_PARTY.md"
_OWN = ("LICENSE", "NOTICE")
_TITLES = {
    "LICENSE": "AFLoc Desktop: licence",
    "NOTICE": "AFLoc Desktop: notice, model and data",
    _THIRD_PARTY: "Third-party software",
    "QT.md": "Qt",
    "LGPL-3.0.txt": "GNU Lesser General Public License 3",
    "GPL-3.0.txt": "GNU General Public License 3, which the former refers to",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Something to read.

    Attributes:
        title: For a list.
        path: The file; None where it is made when it is read.
    """

    title: str
    path: Path | None

    def text(self) -> str:
        """All of it.

        Raises:
            UnreadableFile: The file is gone.
        """
        if self.path is None:
            return parts_page()
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise UnreadableFile(
                f"{self.path.name} cannot be read.", remedy="Install the application again."
            ) from error


def guides() -> tuple[Paper, ...]:
    """The guides of the application, those that most people want first."""
    files = {path.name: path for path in shipped("docs").glob("*.md")}
    first = [files.pop(name) for name in _FIRST if name in files]
    others = sorted(files.values(), key=_heading)
    return tuple(Paper(_heading(path), path) for path in (*first, *others))


def licences(paths: Paths) -> tuple[Paper, ...]:
    """The product's own licence, those of its parts, and what the models say of themselves."""
    folder = shipped("licences")
    own = [folder / name if (folder / name).is_file() else _installed(name) for name in _OWN]
    found = [Paper(_TITLES[path.name], path) for path in own if path is not None]
    found.append(Paper(_TITLES[_THIRD_PARTY], None))
    names = ("QT.md", "LGPL-3.0.txt", "GPL-3.0.txt")
    found += [Paper(_TITLES[name], folder / name) for name in names]
    cards = (entry.folder / "MODEL_CARD.md" for entry in installed(paths, open_bundle))
    found += [Paper(_heading(card), card) for card in cards if card.is_file()]
    return tuple(found)


def parts_page() -> str:
    """What the product is made of: written when it was built, else of what is installed here."""
    page = shipped("licences") / _THIRD_PARTY
    return page.read_text(encoding="utf-8") if page.is_file() else third_party(required("train"))


def bill_of_materials() -> dict[str, Any]:
    """The same as a CycloneDX document."""
    bill = shipped("licences") / "sbom.cdx.json"
    if bill.is_file():
        made: dict[str, Any] = json.loads(bill.read_text(encoding="utf-8"))
        return made
    return sbom(required("train"))


def _heading(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        line = file.readline().strip()
    return line.removeprefix("# ") if line.startswith("# ") else path.stem


def _installed(name: str) -> Path | None:
    """One of our own files as an installed package keeps them, or as a checkout does."""
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.distribution(OWN).files or ():
            path = Path(file.locate())
            if file.name == name and path.is_file():
                return path
    return None
