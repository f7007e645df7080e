"""Hanging protocols in use: the site's own file, else the one that was shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.core.hanging import parse
from afloc_desktop.state.models import shipped
from afloc_desktop.state.store import Problem

if TYPE_CHECKING:
    from afloc_desktop.core.hanging import Rule
    from afloc_desktop.state.paths import Paths


def load_rules(paths: Paths) -> tuple[tuple[Rule, ...], Problem | None]:
    """The rules, and what is wrong with the site's own where they cannot be used."""
    own = paths.settings_file.with_name("hanging.toml")
    try:
        return parse(own.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return _shipped(), None
    except SettingsError as error:
        return _shipped(), Problem.of(error)
    except (OSError, UnicodeDecodeError):
        problem = Problem(
            "The file of hanging protocols cannot be read.",
            "Check that hanging.toml beside the settings is text that may be read.",
        )
        return _shipped(), problem


def _shipped() -> tuple[Rule, ...]:
    files = (shipped("hanging") / name for name in ("chest.toml", "eyes.toml"))
    return tuple(rule for file in files for rule in parse(file.read_text(encoding="utf-8")))
