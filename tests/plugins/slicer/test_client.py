import json
import os
import sys
import time

import pytest

pytestmark = pytest.mark.slicer_core

ECHO = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    for answer in request.get("say", []):
        print(json.dumps({"id": request["id"], **answer}), flush=True)
    if request["do"] == "text":
        print("Usage: some other program", flush=True)
    if request["do"] == "crash":
        sys.exit(3)
"""


@pytest.fixture
def client_of(runtime):
    from AFLocLib.client import EngineClient

    clients = []

    def start(code=ECHO):
        clients.append(EngineClient([sys.executable, "-c", code], dict(os.environ)))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


class Asker:
    """Somebody who waits for answers."""

    def __init__(self, client, **fields):
        self.done, self.failed, self.shares = [], [], []
        self.client = client
        self.number = client.request(
            fields,
            done=self.done.append,
            failed=self.failed.append,
            progress=self.shares.append,
        )

    def wait(self):
        deadline = time.monotonic() + 60
        while not self.done and not self.failed and time.monotonic() < deadline:
            self.client.poll(0.05)
        return self


def test_answers_reach_whoever_asked(client_of):
    client = client_of()
    one = Asker(client, do="a", say=[{"progress": 0.5}, {"results": 1}])
    other = Asker(client, do="b", say=[{"results": 2}]).wait()
    assert (one.done[0]["results"], one.shares) == (1, [0.5])
    assert other.done[0]["results"] == 2
    assert not client.is_waiting


def test_nothing_is_called_outside_poll(client_of):
    asked = Asker(client_of(), do="a", say=[{"results": 1}])
    time.sleep(0.3)
    assert not asked.done
    assert asked.wait().done


def test_errors_come_with_their_remedy(client_of):
    said = {"error": "InputError", "reason": "It is empty.", "remedy": "Copy it again."}
    (error,) = Asker(client_of(), do="a", say=[said]).wait().failed
    assert (error.reason, error.remedy) == ("It is empty.", "Copy it again.")


def test_a_cancelled_request_fails_as_cancelled(client_of):
    from AFLocLib.client import Cancelled

    client = client_of()
    asked = Asker(client, do="a")
    client.cancel(asked.number)
    Asker(client, do="a", say=[{"id": asked.number, "cancelled": True}])
    assert isinstance(asked.wait().failed[0], Cancelled)


@pytest.mark.parametrize("do", ["crash", "text"])
def test_an_engine_that_ends_or_is_none_fails_what_was_asked(client_of, do):
    from AFLocLib.client import Ended

    client = client_of()
    (error,) = Asker(client, do=do).wait().failed
    assert isinstance(error, Ended)
    assert "Test connection" in error.remedy
    assert not client.is_running


def test_an_engine_that_cannot_start_says_why(client_of):
    (error,) = Asker(client_of("import no_such_package"), do="a").wait().failed
    assert "No module named 'no_such_package'" in error.reason


def test_an_engine_that_says_much_on_the_side_is_not_held_up(client_of):
    """More than a pipe holds; and more than one in a single answer."""
    say = "sys.stderr.write('x' * 1000 + '\\n') or None"
    loud = ECHO.replace("for line", f"[{say} for _ in range(1000)]\nfor line", 1)
    asked = Asker(client_of(loud), do="a", say=[{"results": "x" * 5_000_000}]).wait()
    assert len(asked.done[0]["results"]) == 5_000_000


def test_asking_an_engine_that_has_ended_fails_too(client_of):
    client = client_of("pass")
    Asker(client, do="a").wait()
    assert Asker(client, do="b").wait().failed


def test_a_program_that_is_not_there_is_named(runtime):
    from AFLocLib.client import EngineClient, EngineError

    with pytest.raises(EngineError, match="cannot be started"):
        EngineClient(["/nowhere/afloc-engine"], None)


def test_closing_ends_the_process_and_fails_what_was_asked(client_of):
    from AFLocLib.client import Ended

    client = client_of()
    asked = Asker(client, do="a")
    client.close()
    (error,) = asked.failed
    assert not isinstance(error, Ended)  # nobody has to be told, and nothing started anew
    assert client._process.poll() is not None


def test_an_engine_that_does_not_end_is_ended(client_of, monkeypatch):
    monkeypatch.setattr("AFLocLib.client._END_S", 0.2)
    client = client_of("import time; time.sleep(60)")
    client.close()
    assert client._process.poll() is not None


def test_the_protocol_is_the_engines(runtime):
    from AFLocLib.client import PROTOCOL

    from afloc_desktop import engine

    assert PROTOCOL == engine.PROTOCOL
    assert json.dumps(PROTOCOL)
