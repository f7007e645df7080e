import logging
import threading
import warnings

import pytest

from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.errors import Cancelled, UnreadableFile, UnsupportedImage


class Panic(BaseException):
    """What a decoder written in Rust raises."""


@pytest.mark.parametrize("kind", [ValueError, StopIteration, RecursionError, MemoryError, Panic])
def test_whatever_a_decoder_raises_becomes_an_error_for_the_reader(kind):
    with pytest.raises(UnreadableFile) as caught, foreign_code("The pixels are odd"):
        raise kind("Doe^Jane")
    assert caught.value.reason == f"The pixels are odd ({kind.__name__})."
    assert "Doe" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Cancelled])
def test_a_wish_to_stop_passes(kind):
    with pytest.raises(kind), foreign_code("any"):
        raise kind


def test_our_own_errors_keep_their_words():
    with pytest.raises(UnsupportedImage, match="It is in colour"), foreign_code("any"):
        raise UnsupportedImage("It is in colour.", remedy="None.")


def test_what_quotes_the_file_reaches_nobody(caplog):
    with quiet_pydicom():
        warnings.warn("Doe^Jane", UserWarning, stacklevel=1)
        logging.getLogger("pydicom").warning("Doe^Jane")
    assert not caplog.records
    logging.getLogger("pydicom").warning("heard again")
    assert len(caplog.records) == 1


def test_two_threads_take_turns():
    seen = []

    def use(name):
        with quiet_pydicom():
            seen.append(name)
            seen.append(name)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen[::2] == seen[1::2]
