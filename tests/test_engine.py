import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from bars import LATEST_S, hold_within, in_time
from engine_process import COMMAND, EngineProcess
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.domain import Prompt
from afloc_desktop.engine import PROTOCOL, Engine
from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import Settings, save_settings

ROOT = Path(__file__).resolve().parents[1]
needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")


def answers_of(*requests) -> list[dict]:
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in requests]
    target = io.BytesIO()
    Engine(io.BytesIO(b"\n".join([*lines, b'{"id": "end", "do": "bye"}\n'])), target).serve()
    return [json.loads(line) for line in target.getvalue().splitlines()]


@pytest.fixture
def asked(study, tmp_path, installed_tiny) -> dict:
    """A request that is answered, with progress, by the tiny bundle."""
    return {
        "id": 7,
        "do": "localize",
        "file": str(study / "a.dcm"),
        "findings": ["bright", "dark"],
        "bundle": "tiny",
        "output": str(tmp_path / "o"),
    }


def test_a_model_of_chests_is_not_asked_about_an_eye(asked, tmp_path):
    PIL.Image.new("RGB", (400, 300), (200, 110, 40)).save(tmp_path / "eye.png")
    answer = answers_of({**asked, "file": str(tmp_path / "eye.png")})[0]
    assert answer["error"] == "UnsupportedImage"
    assert "picture in colour" in answer["reason"]
    assert not (tmp_path / "o").exists()


def test_hello_names_protocol_bundles_findings_and_providers(installed_tiny):
    hello = answers_of({"id": 1, "do": "hello", "protocol": PROTOCOL})[0]
    assert hello["protocol"] == PROTOCOL
    tiny = next(bundle for bundle in hello["bundles"] if bundle["id"] == "tiny")
    assert [f["label"] for f in tiny["findings"]] == ["Bright spot", "Dark spot"]
    assert "cpu" in hello["providers"]
    assert hello["bundle"] == hello["bundles"][0]["id"] != "tiny"
    paths = Paths.default()
    save_settings(paths.settings_file, Settings(bundle="tiny"))
    assert answers_of({"id": 1, "do": "hello"})[0]["bundle"] == "tiny"


def test_another_protocol_is_refused_with_both_numbers():
    answer = answers_of({"id": 1, "do": "hello", "protocol": 99})[0]
    assert "99" in answer["reason"]
    assert (answer["error"], answer["protocol"]) == ("InputError", PROTOCOL)


def test_localize_tells_progress_and_then_the_results(asked, tmp_path):
    answers = answers_of(asked)
    assert [a.get("progress") for a in answers[:2]] == [0.5, 1.0]
    image = answers[2]["results"]["images"][0]
    assert image["findings"][0]["id"] == "bright_spot"
    assert (tmp_path / "o" / image["findings"][0]["map"]).exists()


def test_the_answer_says_what_was_asked_to_run_what_ran_and_why(asked, monkeypatch):
    answer = answers_of({**asked, "provider": "cpu"})[-2]
    used = answer["results"]["images"][0]["provider"]
    assert answer["provider"] == {"asked": "cpu", "used": used, "fallback": ""}
    offered = "afloc_desktop.core.model.session.available_providers"
    monkeypatch.setattr(offered, lambda: ("cuda", "cpu"))
    answer = answers_of(asked)[-2]
    assert answer["provider"]["asked"] == "auto"
    assert answer["provider"]["used"].startswith("CPUExecutionProvider")
    assert "cuda" in answer["provider"]["fallback"]
    # One that is named is a demand: something else never answers instead.
    assert "cuda" in answers_of({**asked, "provider": "cuda"})[0]["reason"]


def test_a_misspelt_field_does_not_pass_unnoticed(asked):
    answer = answers_of({**asked, "finding": "effusion", "colour": 1})[-2]
    assert answer["ignored"] == ["colour", "finding"]


def test_words_the_model_does_not_know_are_answered_with_a_warning(asked):
    answers = answers_of({**asked, "findings": ["xylophone"]})
    finding = answers[1]["results"]["images"][0]["findings"][0]
    assert finding["id"] == "text"
    assert finding["present"] is False
    assert "do not describe anything" in finding["warnings"][0]


@pytest.mark.parametrize(
    "request_",
    [
        b"no json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        {"do": "dance"},
        {"do": "localize"},
        {"do": "localize", "file": "/nowhere", "output": "/tmp/x"},
        {"do": "localize", "file": "\0", "output": "/tmp/x"},
        {"do": "localize", "array": {}, "output": "/tmp/x"},
        {"do": "hello", "id": {"odd": 1}},
        b'{"do": "cancel", "id": NaN}',
        b'{"do": "cancel", "id": 1e999}',
        b'{"do": "cancel", "request": 1e999}',
        b'{"do": "cancel", "id": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"do": "cancel", "id": ' + b"9" * 5000 + b"}",
        {"do": "cancel", "request": [1]},
    ],
)
def test_a_bad_request_costs_only_itself(request_):
    answers = answers_of(request_, {"id": 2, "do": "hello"})
    assert len(answers) == 3
    assert next(a for a in answers if a["id"] == 2)["protocol"] == PROTOCOL
    assert answers[-1] == {"id": "end", "done": True}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"file": "/nowhere/film.dcm"}, "Check"),
        ({"frame": 9}, "Frames count from 1."),
        ({"frame": "1"}, "Arrays"),
        ({"findings": []}, "documentation"),
        ({"findings": [" "]}, "documentation"),
        ({"output": ""}, "documentation"),
        ({"bundle": "absent"}, "bundles list"),
        ({"bundle": 3}, "documentation"),
        ({"provider": "abacus"}, "cpu"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_remedy(asked, change, word):
    answer = answers_of({**asked, **change})[0]
    assert answer["error"].endswith(("Error", "File", "Image", "Missing"))
    assert answer["reason"]
    assert word in answer["remedy"]


def test_a_defect_is_told_without_its_text(asked, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("Doe^Jane")

    monkeypatch.setattr("afloc_desktop.engine_films.read_film", fail)
    answer = answers_of(asked)[0]
    assert answer["error"] == "ZeroDivisionError"
    assert "Doe" not in json.dumps(answer)


def test_a_request_cancelled_before_its_turn_is_not_run(asked, tmp_path, monkeypatch):
    requests = [{"id": 1, "do": "hello"}, asked, {"id": 8, "do": "cancel", "request": 7}]
    answers = answers_of(*requests)
    assert [a for a in answers if a["id"] == 7] == [{"id": 7, "cancelled": True}]
    assert {"id": 8, "done": True} in answers
    assert not (tmp_path / "o").exists()


def test_a_front_end_that_stopped_listening_is_no_defect():
    class Deaf(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    Engine(io.BytesIO(b'{"id": 1, "do": "bye"}\n'), Deaf()).serve()


def test_the_process_refuses_what_it_cannot_do_and_goes_on(asked):
    with EngineProcess() as engine:
        assert "speaks protocol" in engine.ask(id=1, do="hello", protocol=99)["reason"]
        assert engine.ask(**{**asked, "file": "/nowhere.dcm"})["error"] == "UnreadableFile"
        assert "'absent'" in engine.ask(**{**asked, "bundle": "absent"})["reason"]
        unknown = engine.ask(**{**asked, "findings": ["xylophone"]})["results"]["images"][0]
        assert unknown["findings"][0]["warnings"]
        assert engine.process.poll() is None


def test_whoever_asks_for_help_gets_requests_that_work():
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, timeout=120, check=True)
    lines = [line.strip() for line in done.stdout.splitlines()]
    shown = [json.loads(line) for line in lines if line.startswith(b"{")]
    assert [request["do"] for request in shown] == ["hello", "localize", "cancel", "bye"]
    answers = answers_of(shown[0], {**shown[1], "output": ""})
    assert answers[0]["protocol"] == PROTOCOL
    assert "output" in answers[1]["reason"]


def test_the_program_in_the_documentation_runs(tmp_path):
    page = (ROOT / "resources/docs/engine.md").read_text(encoding="utf-8")
    program = page.split("```python\n")[1].split("```")[0]
    started_as = f"[{sys.executable!r}, '-m', 'afloc_desktop.engine']"
    program = program.replace('["afloc-engine"]', started_as).replace(
        "mkdtemp()", "mkdtemp(dir='.')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.startswith("Pleural effusion True [[")
    assert done.stdout.endswith("(512, 512)\n")


def test_the_process_speaks_json_only_and_ends_with_its_input(asked):
    with EngineProcess() as engine:
        assert engine.ask(id=1, do="hello")["protocol"] == PROTOCOL
        assert "results" in engine.ask(**asked)
        engine.process.stdin.close()
        assert engine.process.wait(LATEST_S) == 0
        assert engine.process.stdout.read() == b""


def test_what_a_library_prints_does_not_reach_the_answers():
    code = """
import os, sys, afloc_desktop.engine as engine
class Loud(engine.Engine):
    def serve(self):
        print("a line from Python")
        os.write(1, b"a line from C\\n")
        super().serve()
engine.Engine = Loud
engine.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b'{"id": 1, "do": "bye"}\n',
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == b'{"id": 1, "done": true}\n'
    assert b"from C" in done.stderr


@pytest.mark.bench
@pytest.mark.slow
def test_a_cancelled_request_is_answered_within_a_tenth_of_a_second(tmp_path):
    """At any moment of a real request: while libraries load, networks open, or they run."""
    film = write_film(tmp_path / "large.dcm", dot_film(2500, 2000, x=600, y=900))

    def answered_in(delay):
        with EngineProcess() as engine:
            engine.ask(id=1, do="hello")
            engine.send(id=2, do="localize", file=str(film), output=str(tmp_path / "o"))
            time.sleep(delay)
            engine.send(id=3, do="cancel", request=2)
            started = time.perf_counter()
            while (answer := engine.read())["id"] != 2 or "progress" in answer:
                pass
            assert answer == {"id": 2, "cancelled": True}
            return time.perf_counter() - started

    for delay in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8):
        hold_within(f"cancelled after {delay} s", partial(answered_in, delay), 0.1, patience=10)


def test_after_a_cancelled_request_the_next_one_is_answered(asked):
    with EngineProcess() as engine:
        engine.send(**asked)
        engine.send(id=8, do="cancel", request=7)
        engine.send(**{**asked, "id": 9})
        while (answer := engine.read())["id"] != 9 or "progress" in answer:
            pass
        assert "results" in answer


PARENT = """
import json, os, subprocess, sys, time
command, request, keep = sys.argv[2:5], sys.argv[5], sys.argv[6]
engine = subprocess.Popen(
    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=int(sys.argv[1])
)
if keep == "sibling":  # holds the other end of the engine's input open
    wait = "import sys; sys.stdin.read()"
    end = engine.stdin.fileno()
    subprocess.Popen([sys.executable, "-c", wait], pass_fds=[end], stdout=subprocess.DEVNULL)
engine.stdin.write(request.encode() + b"\\n")
engine.stdin.flush()
print(json.loads(engine.stdout.readline())["progress"], flush=True)
time.sleep(250)
"""


@needs_posix
@pytest.mark.parametrize("keep", ["alone", "sibling"])
def test_the_engine_dies_with_its_parent_in_the_middle_of_a_request(tmp_path, keep):
    film = write_film(tmp_path / "large.dcm", dot_film(2500, 2000, x=600, y=900))
    many = [f"opacity {n}" for n in range(2000)]
    fields = {"id": 1, "do": "localize", "file": str(film), "findings": many}
    request = json.dumps({**fields, "output": str(tmp_path / "o")})
    alive, held = os.pipe()  # the engine holds `held` as its stderr for as long as it lives
    words = [str(held), *COMMAND, request, keep]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *words],
        pass_fds=[held],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    os.close(held)
    try:
        assert parent.stdout.readline()  # the first progress: it is under way
        parent.send_signal(signal.SIGKILL)
        parent.wait(LATEST_S)
        with in_time("dying with the parent", 5):
            while os.read(alive, 4096):
                pass
    finally:
        os.close(alive)
        parent.stdin.close()
        parent.stdout.close()


def memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@needs_posix
@pytest.mark.slow
def test_a_thousand_requests_leave_nothing_behind(asked):
    """Memory and open files after a thousand localized findings, failures and cancels."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    with EngineProcess() as engine:
        pid = engine.process.pid
        for number in range(1, 1001):
            if number % 10 == 0:
                assert "error" in engine.ask(**{**asked, "file": "/nowhere"})
            elif number % 10 == 5:
                assert engine.ask(id=number, do="cancel", request=f"gone {number}")["done"]
            else:
                assert "results" in engine.ask(**{**asked, "id": number})
            if number == 200:
                before = memory_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))
        grown_kb = memory_kb(pid) - before[0]
        print(f"800 requests: {grown_kb} kB, at {memory_kb(pid)} kB")
        assert grown_kb < 4000
        assert len(os.listdir(f"/proc/{pid}/fd")) == before[1]


def test_two_front_ends_at_once_get_their_own_answers(asked, study, tmp_path):
    one, other = {**asked, "id": "one"}, {**asked, "id": "other"}
    other |= {"file": str(study / "b.dcm"), "output": str(tmp_path / "other")}
    with EngineProcess() as first, EngineProcess() as second:
        first.send(**one)
        second.send(**other)
        for engine, request in ((second, other), (first, one)):
            while "progress" in (answer := engine.read()):
                pass
            assert answer["id"] == request["id"]
            assert answer["results"]["images"][0]["file"] == request["file"]


def test_the_maps_are_those_of_the_window(asked, tmp_path):
    entry = answers_of(asked)[-2]["results"]["images"][0]["findings"][0]
    image = read(find_frame(Path(asked["file"]), 1))
    localizer = open_default(Paths.default(), bundle_id="tiny", provider="cpu")
    expected = localizer.localize(image, Prompt("bright", "typed"))
    with np.load(tmp_path / "o" / entry["map"], allow_pickle=False) as stored:
        assert np.array_equal(stored["map"], expected.similarity)
        assert stored["regions"].any()
