from types import SimpleNamespace

import pytest

from afloc_desktop.cli import main


@pytest.fixture
def opened(monkeypatch):
    """What the window would have been opened with."""
    from afloc_desktop.ui import app, opening

    calls, sheet = [], SimpleNamespace(close=lambda: None)

    def run(paths, *, demo, opened):
        assert opened is sheet.close
        calls.append((paths, demo))
        return 0

    monkeypatch.setattr(opening, "show_opening", lambda: sheet)
    monkeypatch.setattr(app, "run", run)
    return calls


def test_no_verb_opens_the_window(opened):
    assert main([]) == 0
    assert opened == [([], False)]


def test_a_path_without_a_verb_opens_it(opened, tmp_path):
    assert main([str(tmp_path)]) == 0
    assert opened == [([tmp_path], False)]


def test_open_takes_several_paths(opened, tmp_path):
    main(["open", str(tmp_path), str(tmp_path / "x")])
    assert [len(paths) for paths, _ in opened] == [2]


def test_demo_opens_the_sample(opened):
    main(["demo"])
    assert opened == [([], True)]


def test_headless_demo_wants_to_know_where_to_write(capsys):
    assert main(["demo", "--headless"]) == 2
    assert "--output" in capsys.readouterr().err


def test_headless_demo_writes_results_overlays_and_a_page(installed_tiny, tmp_path):
    words = ["demo", "--headless", "--output", str(tmp_path / "o"), "--bundle", installed_tiny]
    assert main(words) == 0
    names = {p.name for p in (tmp_path / "o").iterdir()}
    assert {"results.json", "page.png", "overlays", "maps", "findings.csv"} <= names
