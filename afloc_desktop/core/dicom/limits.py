"""What a child process that reads foreign bytes may use. Windows keeps no such limits."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress


def limit_memory(limit_bytes: int) -> None:
    """Let this process have no more address space than this, and leave no core file.

    Args:
        limit_bytes: All libraries included.
    """
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:  # who started the application allows less
            limit_bytes = min(limit_bytes, hard)
        with suppress(ValueError):  # macOS knows the limit and refuses to set it
            resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def set_alarm(seconds: float) -> None:
    """End this process after so long, for the case that nobody is left to do it; 0 for never."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
