"""Where the product writes: one place, decided once at start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_NAME = "AFLoc"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders and files the product may write; none needs to exist yet.

    Attributes:
        settings_file: The reader's choices.
        data: What must survive an update: the audit trail, the study index.
        bundles: Model bundles installed by the site.
        cache: What can be computed again.
        log: Log files, without patient data.
    """

    settings_file: Path
    data: Path
    bundles: Path
    cache: Path
    log: Path

    @property
    def index(self) -> Path:
        """The index of known studies; it can be made again from the files."""
        return self.data / "studies.sqlite"

    @property
    def audit(self) -> Path:
        """The audit trail."""
        return self.data / "audit.jsonl"

    @property
    def slides(self) -> Path:
        """What models have seen of slides: hours of work, not to be lost with a cache."""
        return self.data / "slides"

    @property
    def session(self) -> Path:
        """What the reader does while the window is open."""
        return self.data / "session.json"

    @classmethod
    def default(cls) -> Paths:
        """The platform's own folders, or all below `AFLOC_HOME` where that is set."""
        home = os.environ.get("AFLOC_HOME")
        if home:
            root = Path(home).expanduser().absolute()
            return cls(
                root / "settings.toml",
                root / "data",
                root / "bundles",
                root / "cache",
                root / "log",
            )
        import platformdirs

        data = platformdirs.user_data_path(_NAME, appauthor=False)
        return cls(
            settings_file=platformdirs.user_config_path(_NAME, appauthor=False) / "settings.toml",
            data=data,
            bundles=data / "bundles",
            cache=platformdirs.user_cache_path(_NAME, appauthor=False),
            log=platformdirs.user_log_path(_NAME, appauthor=False),
        )
