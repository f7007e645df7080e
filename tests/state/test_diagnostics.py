from doubles import film
from readings import PROBLEM, reading

from afloc_desktop import __version__
from afloc_desktop.state.diagnostics import diagnostics
from afloc_desktop.state.store import State


def test_versions_model_and_problems_are_told():
    text = diagnostics(reading(answer_problem=PROBLEM))
    assert f"AFLoc Desktop {__version__}" in text
    assert "model: fake 1 bundle on CPUExecutionProvider" in text
    assert "film: 60 x 50, no scale, 0 warnings" in text
    assert "open: 1 studies, 3 images, 0 skipped files" in text
    assert text.endswith("problem: answer_problem")


def test_nobody_and_no_file_is_named():
    state = reading(image=film(warnings=("Doe",)), asked=("Doe's mass",), reader="Dr Reader")
    text = diagnostics(state)
    for name in ("Doe", "PID-7", "film1", "Reader", "1.2.1"):
        assert name not in text


def test_an_empty_station_has_diagnostics_too():
    assert "model: none\n" in diagnostics(State())
