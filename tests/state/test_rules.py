import pytest

from afloc_desktop.state.paths import Paths
from afloc_desktop.state.rules import load_rules

OWN = """schema = 1
[[protocol]]
id = "one"
title = "One"
grid = [1, 1]
modalities = ["CR"]
body_parts = []
automatic = false
cells = [{ study = "current", view = "any" }]
"""


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("AFLOC_HOME", str(tmp_path))
    return Paths.default()


def test_the_shipped_rules_are_used_where_a_site_has_none(home):
    rules, problem = load_rules(home)
    assert {"frontal_lateral", "both_eyes"} <= {rule.id for rule in rules}
    assert problem is None


def test_a_sites_own_file_takes_their_place(home):
    home.settings_file.with_name("hanging.toml").write_text(OWN, encoding="utf-8")
    rules, problem = load_rules(home)
    assert ([rule.id for rule in rules], problem) == (["one"], None)


@pytest.mark.parametrize("content", [b"schema = 7", b"\xff\xfe"])
def test_a_file_that_cannot_be_used_is_said_and_the_shipped_rules_stay(home, content):
    home.settings_file.with_name("hanging.toml").write_bytes(content)
    rules, problem = load_rules(home)
    assert len(rules) == 5
    assert problem.reason
    assert problem.remedy
