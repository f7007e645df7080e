import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import decoder_child
import imagecodecs
import numpy as np
import pytest
from bars import LATEST_S, in_time

from afloc_desktop.core.dicom.decode import decode
from afloc_desktop.core.dicom.header import Header
from afloc_desktop.core.dicom.syntax import syntax_of
from afloc_desktop.core.dicom.workers import Workers, decode_frame, workers
from afloc_desktop.core.errors import Cancelled, UnreadableFile, UnsupportedImage

# Where a process started by hand finds this file and what it imports.
TEST_PATH = os.pathsep.join(os.path.dirname(f) for f in (__file__, decoder_child.__file__))

LOSSLESS, VIDEO, NATIVE = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2"
FILM = (np.arange(40 * 30) * 37 % 4096).astype(np.uint16).reshape(40, 30)
STREAM = imagecodecs.jpeg8_encode(FILM, lossless=True, bitspersample=12)


def header(rows=40, columns=30, syntax=LOSSLESS, photometric="MONOCHROME2", **changes) -> Header:
    fields = {
        "samples": 1,
        "frames": 1,
        "bits_allocated": 16,
        "bits_stored": 12,
        "high_bit": 11,
        "is_signed": False,
        "is_float": False,
        "vr": "OB",
    }
    return Header(syntax_of(syntax), rows, columns, photometric=photometric, **(fields | changes))


@pytest.fixture(scope="module")
def pool():
    pool = Workers(2)
    yield pool
    pool.close()


def processes(pool) -> list[int]:
    return [worker.process.pid for worker in pool._living]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def kill_idle(pool) -> None:
    for worker in pool._living:
        worker.process.kill()
        worker.process.wait(LATEST_S)


def stop_all(pool) -> None:
    """From now on every decoder process hangs."""
    for process in processes(pool):
        os.kill(process, signal.SIGSTOP)


def test_a_frame_is_decoded_elsewhere_as_it_is_here(pool):
    decoded = pool.decode(header(), STREAM)
    np.testing.assert_array_equal(decoded.values, FILM)
    assert decoded.photometric == decode(header(), STREAM).photometric
    assert decoded.values.dtype == np.uint16


def test_what_was_decoded_stays_when_the_next_frame_comes(pool):
    first = pool.decode(header(), STREAM).values
    other = imagecodecs.jpeg8_encode(4095 - FILM, lossless=True, bitspersample=12)
    pool.decode(header(), other)
    np.testing.assert_array_equal(first, FILM)


def test_colour_comes_home_with_its_meaning(pool):
    picture = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    stream = imagecodecs.jpeg2k_encode(picture, codecformat="j2k", reversible=True)
    colour = header(
        9, 7, "1.2.840.10008.1.2.4.90", "YBR_RCT", samples=3, bits_allocated=8, bits_stored=8,
        high_bit=7,
    )  # fmt: skip
    decoded = pool.decode(colour, stream)
    np.testing.assert_array_equal(decoded.values, picture)
    assert decoded.photometric == "RGB"


def test_without_shared_memory_the_same_comes_through_the_connection(monkeypatch):
    monkeypatch.setattr(Workers.__init__.__globals__["Worker"].__init__, "__kwdefaults__",
                        {"is_shared": False})  # fmt: skip
    pool = Workers(1)
    try:
        for _ in range(2):
            np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
        with pytest.raises(UnreadableFile, match="disagree"):
            pool.decode(header(41), STREAM)
    finally:
        pool.close()


def test_the_reason_why_a_frame_is_refused_is_that_of_the_decoder(pool):
    before = pool.decode(header(), STREAM) and processes(pool)
    with pytest.raises(UnreadableFile, match="disagree about the size"):
        pool.decode(header(columns=31), STREAM)
    with pytest.raises(UnsupportedImage, match="video"):
        pool.decode(header(syntax=VIDEO), b"\0\0\1\xb3")
    assert processes(pool) == before


def begin(reader, pool, give_up=None):
    """A frame that another thread waits for, once it does."""
    is_waiting = threading.Event()

    def should_stop():
        is_waiting.set()
        return give_up is not None and give_up.is_set()

    answer = reader.submit(pool.decode, header(), STREAM, should_stop=should_stop)
    assert is_waiting.wait(LATEST_S)
    return answer


def crash(process, number) -> None:
    os.kill(process, number)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)  # one that is stopped takes no other signal


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_decoder_that_crashes_costs_one_image(number):
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        (crashing,) = processes(pool)
        stop_all(pool)
        with ThreadPoolExecutor(1) as reader:
            crashed = begin(reader, pool)
            crash(crashing, number)
            with pytest.raises(UnreadableFile, match="stopped on this file"):
                crashed.result(timeout=LATEST_S)
        assert not is_running(crashing)
        assert len(processes(pool)) == 1  # replaced at once
        np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
    finally:
        pool.close()


def test_a_decoder_that_died_between_two_images_costs_none(pool):
    pool.start()
    kill_idle(pool)
    np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)


def test_a_decoder_that_hangs_is_ended_and_replaced():
    pool = Workers(1, timeout_s=0.3)
    try:
        pool.decode(header(), STREAM)
        stop_all(pool)
        hung = processes(pool)[0]
        with in_time("ending a hung decoder", 3), pytest.raises(UnreadableFile, match="longer"):
            pool.decode(header(), STREAM)
        assert not is_running(hung)
        np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
    finally:
        pool.close()


def test_a_decoder_that_wants_too_much_memory_costs_one_image():
    # 60 million pixels of 16 bits do not fit beside the libraries.
    large = np.zeros((6000, 10000), np.uint16)
    stream = imagecodecs.jpeg8_encode(large, lossless=True, bitspersample=12)
    pool = Workers(1, limit_bytes=700_000_000)
    try:
        with pytest.raises(UnreadableFile):
            pool.decode(header(6000, 10000, bits_allocated=32), stream)
        np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
    finally:
        pool.close()


def test_one_bad_file_does_not_disturb_the_other_readers():
    pool = Workers(2)
    try:
        pool.start()
        pool.decode(header(), STREAM)
        with ThreadPoolExecutor(4) as readers:
            bad = readers.submit(pool.decode, header(), STREAM[:-40] + bytes(38) + b"\xff\xd9")
            good = [readers.submit(pool.decode, header(), STREAM) for _ in range(40)]
            for done in good:
                np.testing.assert_array_equal(done.result(timeout=LATEST_S).values, FILM)
            bad.exception(timeout=LATEST_S)
    finally:
        pool.close()


def test_cancelling_does_not_wait_for_the_decoder():
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        stop_all(pool)
        wanted = threading.Event()
        threading.Timer(0.2, wanted.set).start()
        with in_time("cancelling", 1), pytest.raises(Cancelled):
            pool.decode(header(), STREAM, should_stop=wanted.is_set)
        np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
    finally:
        pool.close()


def test_waiting_for_a_busy_decoder_can_be_cancelled():
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        stop_all(pool)
        with ThreadPoolExecutor(1) as reader:
            give_up = threading.Event()
            busy = begin(reader, pool, give_up)
            with pytest.raises(Cancelled):
                pool.decode(header(), STREAM, should_stop=lambda: True)
            give_up.set()
            with pytest.raises(Cancelled):
                busy.result(timeout=LATEST_S)
    finally:
        pool.close()


def test_closing_ends_the_processes_and_later_frames_are_refused():
    pool = Workers(2)
    pool.start()
    ended = processes(pool)
    pool.close()
    assert not any(is_running(process) for process in ended)
    with pytest.raises(UnreadableFile, match="closing"):
        pool.decode(header(), STREAM)


def held() -> tuple[int, int]:
    """Open files and shared memory of this process."""
    with open("/proc/self/maps") as maps:
        shared = sum(" /memfd:" in line or " /dev/shm/" in line for line in maps)
    return len(os.listdir("/proc/self/fd")), shared


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_two_hundred_frames_and_ten_crashes_leave_nothing_behind():
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        gc.collect()
        before = held()
        for number in range(200):
            if number % 20 == 10:
                kill_idle(pool)
            pool.decode(header(), STREAM)
        gc.collect()
        assert held() == before
        assert not is_zombie_left()
    finally:
        pool.close()


def is_zombie_left() -> bool:
    children = (path for path in os.listdir("/proc") if path.isdigit())
    for child in children:
        try:
            with open(f"/proc/{child}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state == "Z" and int(parent) == os.getpid():
            return True
    return False


SESSION = """
import os, sys, time
from test_workers import STREAM, header
from afloc_desktop.core.dicom.workers import workers
pool = workers()
pool.decode(header(), STREAM)
print(*[worker.process.pid for worker in pool._living], flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("how", ["ended", "killed"])
def test_decoders_end_with_the_application(how):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SESSION, how],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": TEST_PATH},
    )
    assert done.stderr == ""
    started = [int(word) for word in done.stdout.split()]
    assert started
    deadline = time.monotonic() + LATEST_S
    while any(is_running(process) for process in started) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(is_running(process) for process in started)


def test_starting_does_not_wait_for_decoders_that_are_busy():
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        stop_all(pool)
        give_up = threading.Event()
        with ThreadPoolExecutor(1) as reader:
            busy = begin(reader, pool, give_up)
            with in_time("starting beside a busy decoder", 1):
                pool.start()
            give_up.set()
            with pytest.raises(Cancelled):
                busy.result(timeout=LATEST_S)
    finally:
        pool.close()


ANSWERS = {
    "no JSON": b"%%",
    "no object": b"5",
    "half an answer": b"{}",
    "another kind of error": b'{"error": "SystemExit", "reason": "", "remedy": ""}',
    "colours nobody knows": b'{"photometric": "<b>"}',
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_decoder_that_answers_nonsense_is_replaced(answer):
    pool = Workers(1)
    try:
        pool.decode(header(), STREAM)
        (worker,) = pool._living
        near, far = multiprocessing.Pipe()
        with near, far, worker._line:
            worker._line = near
            far.send_bytes(answer)
            with pytest.raises(UnreadableFile, match="stopped on this file"):
                pool.decode(header(), STREAM)
        assert worker not in pool._living
        np.testing.assert_array_equal(pool.decode(header(), STREAM).values, FILM)
    finally:
        pool.close()


def test_native_pixels_start_no_process(monkeypatch):
    monkeypatch.setattr(
        "afloc_desktop.core.dicom.workers.workers", lambda: pytest.fail("was asked")
    )
    native = header(syntax=NATIVE)
    np.testing.assert_array_equal(decode_frame(native, FILM.tobytes()).values, FILM)


@pytest.mark.parametrize("method", ["spawn", "fork"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_daemonic_child_such_as_a_loader_of_a_training_decodes_too(method):
    assert workers() is workers()
    decode_frame(header(), STREAM)
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(
        target=decoder_child.put_sum, args=(answers, header(), STREAM), daemon=True
    )
    child.start()
    assert answers.get(timeout=120) == int(FILM.sum())
    child.join(LATEST_S)
    np.testing.assert_array_equal(decode_frame(header(), STREAM).values, FILM)


FROZEN = """
import sys
from afloc_desktop.cli import main
if len(sys.argv) > 1:
    sys.exit(main(sys.argv[1:]))
import os, stat
from pathlib import Path
from test_workers import FILM, STREAM, header
from afloc_desktop.core.dicom.workers import workers
program = Path(sys.argv[0]).with_suffix(".sh")
program.write_text(f"#!/bin/sh\\nexec {sys.executable} {sys.argv[0]} \\"$@\\"\\n")
program.chmod(0o755)
sys.frozen, sys.executable = True, str(program)
assert (workers().decode(header(), STREAM).values == FILM).all()
print("decoded")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the program")
def test_a_frozen_application_is_its_own_decoder(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(FROZEN)
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": TEST_PATH},
    )
    assert (done.stdout, done.stderr) == ("decoded\n", "")
