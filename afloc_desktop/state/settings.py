"""What the application remembers between runs: one versioned TOML, written atomically."""

from __future__ import annotations

import json
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError, SettingsError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.state.presets import parse

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
_MOST_BUNDLES = 8  # chosen before that are remembered; each kind of image needs one


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reader left behind.

    Attributes:
        window: Left, top, width, height of the window, screen points; empty where never moved.
        is_maximized: Whether it filled the screen.
        columns: Widths of browser, film and findings; empty where never moved.
        opacity: Of the overlay, 0 to 1.
        is_contour: A line instead of colours.
        last_folder: Where the last file or folder was opened; empty at first.
        bundle: Id of the model chosen last; empty for the shipped ones.
        other_bundles: Ids of those chosen before, one a line, the newest first. An image is
            looked at by the first of all these that was made for its kind.
        earlier_bundle: Id of the one before the last promotion; empty where none was promoted.
        presets: Windows of CT, as `state.presets` writes them; empty for the defaults.
        provider: Where to run it, one of `PROVIDER_CHOICES`.
        resolution: How often the window looks at an image, one of `patches.RESOLUTIONS`.
        reader: Who reads; empty until the reader was asked.
        look: `dark` or `light`.
        language: `en` or `zh`.
        keys: The reader's own shortcuts, as `ui.keymap` writes them; empty for the defaults.
        is_welcomed: What the application is for was read and understood.
        questions: What was asked in the reader's own words, the newest first, one a line.
    """

    window: tuple[int, ...] = ()
    is_maximized: bool = False
    columns: tuple[int, ...] = ()
    opacity: float = 0.45
    is_contour: bool = False
    last_folder: str = ""
    bundle: str = ""
    other_bundles: str = ""
    earlier_bundle: str = ""
    presets: str = ""
    provider: str = "auto"
    resolution: str = "standard"
    reader: str = ""
    look: str = "dark"
    language: str = "en"
    keys: str = ""
    is_welcomed: bool = False
    questions: str = ""

    @property
    def bundles(self) -> tuple[str, ...]:
        """Ids of the models that were chosen, the newest first."""
        return tuple(filter(None, (self.bundle, *self.other_bundles.splitlines())))

    def choosing(self, bundle_id: str) -> Settings:
        """With another model chosen, for the kind of image it was made for."""
        others = [other for other in self.bundles if other != bundle_id][:_MOST_BUNDLES]
        return replace(self, bundle=bundle_id, other_bundles="\n".join(others))

    def forgetting(self, bundle_id: str) -> Settings:
        """Without a model that is not installed any more."""
        first, *others = [*(other for other in self.bundles if other != bundle_id), ""]
        return replace(self, bundle=first, other_bundles="\n".join(filter(None, others)))


def load_settings(path: Path) -> Settings:
    """Read the settings; defaults where there is no file yet.

    Raises:
        SettingsError: The file cannot be read, is of a newer version, or says something no
            version of the application writes. What an older one did not write yet has its default.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable("cannot be read") from error
    schema = table.pop("schema", None)
    if type(schema) is int and schema > SCHEMA:
        raise _unusable("was written by a newer version of the application")
    if schema != SCHEMA:
        raise _unusable("does not say which version wrote it")
    known = {f.name: getattr(Settings(), f.name) for f in fields(Settings)}
    for name, value in table.items():
        if name not in known:
            raise _unusable(f"holds the unknown entry {name!r}")
        table[name] = _checked(name, value, known[name])
    parse(table.get("presets", ""))
    return Settings(**table)


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings so that a crash leaves the old file or the new one, never half of it.

    Raises:
        SettingsError: The folder cannot be written.
    """
    lines = [f"schema = {SCHEMA}"]
    lines += [f"{f.name} = {_toml(getattr(settings, f.name))}" for f in fields(settings)]
    text = "\n".join(lines) + "\n"
    try:
        make_folder(path.parent)
        # Private: the last folder may be named after a patient.
        write_atomically(path, text.encode("utf-8", "replace"), is_private=True)
    except ExportError as error:
        raise SettingsError(
            f"The settings could not be saved: {error.reason}",
            remedy="Check that the settings folder can be written; this session is not affected.",
        ) from error


def set_aside(path: Path) -> None:
    """Keep an unusable file under another name, so that saving does not destroy it."""
    with suppress(OSError):
        os.replace(path, path.with_suffix(f".unusable{path.suffix}"))


def _checked(name: str, value: object, example: object) -> object:
    if isinstance(example, tuple):
        is_right = isinstance(value, list) and all(type(v) is int for v in value)
        value = tuple(value) if isinstance(value, list) else value
    elif isinstance(example, float):
        is_right = type(value) in (int, float) and 0 <= float(str(value)) <= 1
    else:
        is_right = type(value) is type(example)
    if not is_right:
        raise _unusable(f"holds an unusable value for {name!r}")
    return value


def _toml(value: object) -> str:
    """TOML's basic strings, numbers, booleans and flat lists are JSON's, apart from DEL."""
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")


def _unusable(what: str) -> SettingsError:
    return SettingsError(
        f"The settings file {what}.",
        remedy="The application starts with its defaults; the old file is kept beside it.",
    )
