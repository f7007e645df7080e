"""Exporter plugins: Python packages that offer the entry point `afloc_desktop.exporters`.

A plugin is code. It is loaded only when it was enabled by name, and what it raises costs one
export and not the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import AflocError, Cancelled, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from afloc_desktop.core.export.exporter import Exporter
    from afloc_desktop.core.export.selection import Selection

GROUP = "afloc_desktop.exporters"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An exporter plugin that is installed; nothing of it has run.

    Attributes:
        name: By which it is enabled.
        package, version: That it comes from.
    """

    name: str
    package: str
    version: str


def installed_plugins() -> tuple[Plugin, ...]:
    """Every exporter plugin of this Python, by name."""
    found = [
        Plugin(point.name, point.dist.name, point.dist.version)
        for point in metadata.entry_points(group=GROUP)
        if point.dist is not None
    ]
    return tuple(sorted(found, key=lambda plugin: plugin.name))


def exporters_with(enabled: Iterable[str]) -> Mapping[str, Exporter]:
    """Our own exporters and those of enabled plugins, by id.

    Args:
        enabled: Names of plugins.

    Raises:
        PluginError: One of them is not installed, cannot be loaded, or takes a name in use.
    """
    from afloc_desktop.core.export.exporter import by_id, exporters

    plugins = [_load(name) for name in dict.fromkeys(enabled)]
    return by_id((*exporters().values(), *plugins))


def _load(name: str) -> Exporter:
    points = list(metadata.entry_points(group=GROUP, name=name))
    if not points:
        raise PluginError(
            f"There is no exporter plugin {name!r}.", remedy="Install it, or leave it out."
        )
    try:
        exporter = points[0].load()()
        return _Guarded(str(exporter.id), str(exporter.label), str(exporter.media), exporter)
    except Exception as error:
        raise _failed(name, error) from error


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A plugin's exporter whose defects are its own."""

    id: str
    label: str
    media: str
    plugin: Exporter

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        try:
            return tuple(self.plugin.write(selection, folder))
        except (AflocError, Cancelled):
            raise
        except Exception as error:
            raise _failed(self.id, error) from error


def _failed(name: str, error: Exception) -> PluginError:
    # The class and not the text: a plugin may quote a patient's name.
    return PluginError(
        f"The exporter plugin {name!r} failed ({type(error).__name__}).",
        remedy="Ask its maker, or leave it out.",
    )
