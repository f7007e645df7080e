"""Memory that two processes share and that has no name: nothing is left when either is killed.

Linux only (`memfd_create`). It is not bounded by the size of /dev/shm. One block is used again
and again: new shared pages cost as much as a third of the decoding they are for.
"""

from __future__ import annotations

import mmap
import os
import sys
from contextlib import suppress

IS_AVAILABLE = sys.platform == "linux"

_STEP = 1 << 24  # bytes it grows by


class Block:
    """The owner's end; the other process maps `descriptor`, which it inherits.

    Attributes:
        descriptor: Of the memory.
        size: Bytes there are now.
        memory: All of them.
    """

    def __init__(self) -> None:
        import fcntl

        assert sys.platform == "linux"
        self.descriptor = os.memfd_create("afloc", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # The other process must not make it smaller: who reads beyond the end is killed.
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        self.size = 0
        self.memory = memoryview(b"")

    def reserve(self, size: int) -> None:
        """Make sure that there are so many bytes."""
        if size > self.size:
            self.memory.release()
            self.size = -(-size // _STEP) * _STEP
            os.ftruncate(self.descriptor, self.size)
            self.memory = memoryview(mmap.mmap(self.descriptor, self.size))

    def close(self) -> None:
        """Give it back."""
        with suppress(BufferError):  # a thread is still in it: the application is ending
            self.memory.release()
        os.close(self.descriptor)
