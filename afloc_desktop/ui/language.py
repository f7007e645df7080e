"""The language of the window, chosen once, before anything else of the window is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.state.settings import load_settings
from afloc_desktop.ui import strings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def speak_as_set(settings_file: Path) -> None:
    """Speak the language of the settings; English where they cannot be read."""
    try:
        language = load_settings(settings_file).language
    except SettingsError:
        return  # the window tells of it
    speak(language)


def speak(language: str) -> None:
    """Put the words of a language in the place of the English ones, for the whole process.

    Args:
        language: `zh`; anything else leaves the English words as they are.
    """
    if language == "zh":
        for name, words in chinese_words().items():
            setattr(strings, name, words)


def chinese_words() -> Mapping[str, object]:
    """Every word and phrase there is in Chinese, by its name in `strings`."""
    from afloc_desktop.ui import chinese, chinese_phrases

    found = {name: value for name, value in vars(chinese).items() if name.isupper()}
    for name, value in vars(chinese_phrases).items():
        if callable(value) and getattr(value, "__module__", "") == chinese_phrases.__name__:
            found[name] = value
    return found
