import io
import json

import pytest

from afloc_desktop.engine import PROTOCOL, Engine


@pytest.fixture
def talk(installed_tiny):
    """Send requests; gives back the answers."""

    def run(*requests):
        lines = [r if isinstance(r, str) else json.dumps(r) for r in requests]
        target = io.StringIO()
        source = io.StringIO("\n".join([*lines, json.dumps({"id": "end", "do": "bye"})]) + "\n")
        assert Engine(source, target).serve() == 0
        return [json.loads(line) for line in target.getvalue().splitlines()]

    return run


def test_hello_names_protocol_bundles_and_providers(talk):
    hello = talk({"id": 1, "do": "hello"})[0]
    assert hello["protocol"] == PROTOCOL
    assert "tiny" in [bundle["id"] for bundle in hello["bundles"]]
    assert "cpu" in hello["providers"]


def test_localize_tells_progress_and_then_the_results(talk, study, tmp_path):
    answers = talk(
        {
            "id": 7,
            "do": "localize",
            "file": str(study / "a.dcm"),
            "findings": ["bright", "dark"],
            "bundle": "tiny",
            "output": str(tmp_path / "o"),
        }
    )
    assert [a.get("progress") for a in answers[:2]] == [0.5, 1.0]
    image = answers[2]["results"]["images"][0]
    assert image["findings"][0]["id"] == "bright_spot"
    assert (tmp_path / "o" / image["findings"][0]["map"]).exists()


@pytest.mark.parametrize(
    "request_",
    [
        "no json",
        "[]",
        "{}",
        {"do": "dance"},
        {"do": "localize"},
        {"do": "localize", "file": "/nowhere", "output": "/tmp/x"},
        {"do": "hello", "id": {"odd": 1}},
    ],
)
def test_a_bad_request_costs_only_itself(talk, request_):
    answers = talk(request_, {"id": 2, "do": "hello"})
    assert next(a for a in answers if a["id"] == 2)["protocol"] == PROTOCOL
    assert answers[-1] == {"id": "end", "done": True}


def test_a_request_cancelled_before_its_turn_is_not_run(installed_tiny, study, tmp_path):
    request = {"id": 5, "do": "localize", "file": str(study / "a.dcm"), "bundle": "tiny"}
    target = io.StringIO()
    engine = Engine(io.StringIO(), target)
    engine._cancelled.add(5)
    engine._requests.put({**request, "output": str(tmp_path / "o")})
    engine._requests.put({"id": 6, "do": "bye"})
    engine._work()
    answers = [json.loads(line) for line in target.getvalue().splitlines()]
    assert answers[0] == {"id": 5, "cancelled": True}
    assert not (tmp_path / "o").exists()


def test_the_engine_ends_when_its_input_does(installed_tiny):
    assert Engine(io.StringIO(""), io.StringIO()).serve() == 0
