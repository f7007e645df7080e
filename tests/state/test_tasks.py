import threading
import time

import pytest
from bars import LATEST_S, in_time
from doubles import QueueLoop

from afloc_desktop.core.errors import Cancelled, InferenceError
from afloc_desktop.state.tasks import Tasks, Token


class Bench:
    """Tasks with a loop of their own and lists of what came home."""

    def __init__(self):
        self.loop = QueueLoop()
        self.busy = []
        self.tasks = Tasks(self.loop.post, self.busy.append)
        self.done, self.failed, self.threads = [], [], set()

    def submit(self, key, work, lane="infer"):
        self.tasks.submit(key, work, self._done, self._failed, lane=lane)

    def _done(self, result):
        self.threads.add(threading.current_thread())
        self.done.append(result)

    def _failed(self, error):
        self.threads.add(threading.current_thread())
        self.failed.append(error)

    def wait(self, *keys):
        self.loop.run_until(lambda: not any(self.tasks.is_running(k) for k in keys))


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.tasks.close()


class Gate:
    """Work that waits until it is let through."""

    def __init__(self, result):
        self.is_started, self._open, self._result = threading.Event(), threading.Event(), result

    def __call__(self, token):
        self.is_started.set()
        assert self._open.wait(LATEST_S)
        return self._result

    def open(self):
        self._open.set()


def test_a_result_comes_home_on_the_main_thread(bench):
    bench.submit("a", lambda token: threading.current_thread())
    bench.wait("a")
    assert bench.done[0] is not threading.current_thread()
    assert bench.threads == {threading.current_thread()}


def test_a_worker_never_runs_a_callback(bench):
    bench.submit("a", lambda token: 1)
    bench.submit("b", lambda token: 2, lane="files")
    time.sleep(0.05)
    assert bench.done == []
    bench.wait("a", "b")
    assert sorted(bench.done) == [1, 2]


def test_newer_work_supersedes_older_work_under_the_same_key(bench):
    old, new = Gate("old"), Gate("new")
    bench.submit("a", old, lane="files")
    assert old.is_started.wait(LATEST_S)
    bench.submit("a", new, lane="files")
    new.open()
    bench.wait("a")
    old.open()
    time.sleep(0.02)
    bench.loop.run_waiting()
    assert bench.done == ["new"]


def test_a_result_that_grew_stale_on_its_way_home_is_dropped(bench):
    bench.submit("a", lambda token: "old")
    time.sleep(0.05)  # finished and posted, not yet delivered
    bench.submit("a", lambda token: "new")
    bench.wait("a")
    assert bench.done == ["new"]


def test_cancelled_work_delivers_nothing(bench):
    gate = Gate("late")
    bench.submit("a", gate)
    assert gate.is_started.wait(LATEST_S)
    bench.tasks.cancel("a")
    gate.open()
    bench.submit("b", lambda token: "b")
    bench.wait("b")
    assert bench.done == ["b"]
    assert not bench.tasks.is_running("a")


def test_work_that_checks_stops_when_it_is_superseded(bench):
    is_started, is_stopped = threading.Event(), threading.Event()

    def patient(token):
        is_started.set()
        try:
            while True:
                token.check()
                time.sleep(0.001)
        except Cancelled:
            is_stopped.set()
            raise

    bench.submit("a", patient)
    assert is_started.wait(LATEST_S)
    bench.submit("a", lambda token: "new")
    assert is_stopped.wait(LATEST_S)
    bench.wait("a")
    assert (bench.done, bench.failed) == (["new"], [])


def test_an_error_meant_for_the_reader_reaches_failed(bench):
    def fail(token):
        raise InferenceError("The model could not be run.", remedy="Restart.")

    bench.submit("a", fail)
    bench.wait("a")
    assert bench.done == []
    assert bench.failed[0].reason == "The model could not be run."


def test_a_defect_of_ours_is_raised_on_the_main_thread(bench):
    bench.submit("a", lambda token: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench.wait("a")
    assert not bench.tasks.is_running("a")
    assert bench.busy[-1] == frozenset()


def test_a_thousand_supersessions_deliver_one(bench):
    for number in range(1000):
        bench.submit("a", lambda token, number=number: number, lane="files")
    bench.wait("a")
    time.sleep(0.05)
    bench.loop.run_waiting()
    assert bench.done == [999]


def test_inference_runs_on_one_thread_and_in_order(bench):
    def work(token, number):
        return number, threading.current_thread().name

    for number in range(20):
        bench.submit(f"a{number}", lambda token, number=number: work(token, number))
    bench.wait(*(f"a{n}" for n in range(20)))
    assert [number for number, _ in bench.done] == list(range(20))
    assert len({name for _, name in bench.done}) == 1


def test_files_are_read_while_the_model_is_busy(bench):
    gate = Gate("slow")
    bench.submit("a", gate)
    bench.submit("b", lambda token: "file", lane="files")
    bench.wait("b")
    assert bench.done == ["file"]
    gate.open()
    bench.wait("a")


def test_busy_names_what_is_still_to_come(bench):
    bench.submit("a", lambda token: 1)
    bench.submit("b", lambda token: 2, lane="files")
    bench.wait("a", "b")
    assert bench.busy[:2] == [{"a"}, {"a", "b"}]
    assert bench.busy[-1] == frozenset()


def test_closing_during_work_takes_less_than_a_second_and_delivers_nothing(bench):
    gate = Gate("late")
    bench.submit("a", gate)
    assert gate.is_started.wait(LATEST_S)
    with in_time("closing during work", 1):
        assert not bench.tasks.close()
    gate.open()
    time.sleep(0.02)
    bench.loop.run_waiting()
    bench.submit("b", lambda token: "after closing")
    assert bench.done == []
    assert not bench.tasks.is_running("b")
    assert bench.tasks.close()


def test_a_token_says_once_and_for_all_that_nobody_waits():
    token = Token()
    token.check()
    token.cancel()
    assert token.is_cancelled
    with pytest.raises(Cancelled):
        token.check()


def test_cancelling_what_is_not_under_way_says_nothing(bench):
    bench.tasks.cancel("nothing")
    assert bench.busy == []
