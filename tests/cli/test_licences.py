import json

from afloc_desktop.cli import main
from afloc_desktop.state import papers
from afloc_desktop.state.licences import part


def test_the_parts_are_listed_for_people_and_for_programs(monkeypatch, capsysbinary):
    monkeypatch.setattr(papers, "required", lambda extra: (part("numpy"),))
    assert main(["licences"]) == 0
    assert b"- numpy " in capsysbinary.readouterr().out
    assert main(["licences", "--sbom"]) == 0
    bill = json.loads(capsysbinary.readouterr().out)
    assert [each["name"] for each in bill["components"]] == ["numpy"]
