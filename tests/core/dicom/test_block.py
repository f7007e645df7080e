import fcntl
import os

import pytest

from afloc_desktop.core.dicom.block import IS_AVAILABLE, Block

pytestmark = pytest.mark.skipif(not IS_AVAILABLE, reason="needs memory without a name")


def test_it_grows_and_keeps_nothing_back():
    block = Block()
    block.reserve(10)
    block.memory[:3] = b"abc"
    first = block.size
    assert first >= 10
    block.reserve(first + 1)
    assert block.size > first
    assert os.pread(block.descriptor, 3, 0) == b"abc"
    block.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(block.descriptor)


def test_the_other_end_cannot_make_it_smaller():
    block = Block()
    block.reserve(10)
    copy = os.dup(block.descriptor)
    with pytest.raises(PermissionError):
        os.ftruncate(copy, 0)
    assert fcntl.fcntl(copy, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK
    os.close(copy)
    block.close()
