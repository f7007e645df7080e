from __future__ import annotations

import io
import json

from afloc_training.progress import Reporter


def test_every_line_for_a_program_is_one_json_object():
    stream = io.StringIO()
    reporter = Reporter(is_json=True, stream=stream)
    with reporter.stage("training"):
        reporter.count(10, 10, {"mask": 0.5})
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["stage", "progress", "stage_done"]
    assert events[1] == {"event": "progress", "done": 10, "total": 10, "losses": {"mask": 0.5}}
    assert events[2]["seconds"] >= 0


def test_a_person_reads_plain_lines():
    stream = io.StringIO()
    Reporter(is_json=False, stream=stream).count(3, 3, {"mask": 0.25})
    assert stream.getvalue() == "  3/3  mask 0.250\n"


def test_progress_is_not_repeated_within_seconds_but_its_end_is_said():
    stream = io.StringIO()
    reporter = Reporter(is_json=False, stream=stream)
    for done in range(1, 101):
        reporter.count(done, 100)
    assert stream.getvalue().splitlines()[-1] == "  100/100"
    assert len(stream.getvalue().splitlines()) <= 3


def test_a_stage_is_timed():
    reporter = Reporter(is_json=True, stream=io.StringIO())
    with reporter.stage("export"):
        pass
    assert set(reporter.seconds) == {"export"}


def test_a_warning_says_its_words_to_programs_too():
    stream = io.StringIO()
    Reporter(is_json=True, stream=stream).warning("A checkpoint is damaged.")
    told = json.loads(stream.getvalue())
    assert told == {"event": "warning", "message": "A checkpoint is damaged."}
