"""Faults that strace puts into system calls."""

import os
import shutil
import subprocess


def can_inject() -> bool:
    """Whether strace is there and may trace."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    command = [strace, "-o", os.devnull, "-e", "trace=close", "true"]
    return subprocess.run(command, capture_output=True, timeout=100, check=False).returncode == 0
