"""What the trainer needs beyond the desktop, missed in words a reader can act on."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import AflocError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def training_libraries() -> Iterator[None]:
    """Around the imports of a verb: torch takes seconds to load, and --help must not wait for it.

    Raises:
        AflocError: One of the libraries is not installed.
    """
    # Threads that wait for one another take their core from whoever could work: on a busy machine
    # a step cost twice as much. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("afloc_"):
            raise
        raise AflocError(
            f"The training libraries are not installed: {error.name} is missing.",
            remedy="Install them with: pip install 'afloc-desktop[train]'",
        ) from error
