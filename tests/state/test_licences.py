import json

import pytest

from afloc_desktop.state import licences
from afloc_desktop.state.licences import Part, is_copyleft, part, required, sbom, third_party


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", False),
        ("GPL V3.0", True),
        ("AGPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", True),
        ("GPL-2.0-only OR GPL-3.0-only", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("MPL-2.0 AND MIT", False),
    ],
)
def test_what_leaves_no_choice_but_the_gpl_is_known(licence, expected):
    assert is_copyleft(licence) is expected


@pytest.mark.parametrize("extra", ["", "train"])
def test_nothing_that_is_required_is_under_the_gpl(extra):
    parts = required(extra)
    assert {"numpy", "PySide6_Essentials", "onnxruntime"} <= {one.name for one in parts}
    assert [(one.name, one.licence) for one in parts if is_copyleft(one.licence)] == []
    assert [one.name for one in parts if one.licence == "not stated"] == []


def test_the_desktop_alone_needs_nothing_of_the_trainer():
    names = {one.name for one in required()}
    assert not names & {"torch", "transformers", "scipy", "pytest", "pynetdicom"}


def test_older_packages_state_a_line_or_a_heading(monkeypatch):
    class Distribution:
        version = "1"

        def __init__(self, **said):
            self.metadata = Said(said)

        def read_text(self, name):
            return None

    class Said(dict):
        def get_all(self, name):
            said = self.get(name)
            return [said] if isinstance(said, str) else said

    def stated(**said):
        found = Distribution(Name="x", **said)
        monkeypatch.setattr(licences.metadata, "distribution", lambda name: found)
        return part("x").licence

    gpl = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
    assert stated(License="BSD 3-Clause") == "BSD 3-Clause"
    assert stated(License="a\nwhole text", Classifier=[gpl]) == gpl.rpartition(" :: ")[2]
    assert stated(License="UNKNOWN") == "UNKNOWN"
    assert stated() == "not stated"
    assert part("x").is_spdx is False


def test_the_page_lists_the_parts_and_holds_their_texts():
    page = third_party([Part("lib", "1.2", "MIT", True, (("lib/LICENSE", "Be kind.\n\nEnd."),))])
    assert "- lib 1.2: MIT" in page
    assert "## lib: lib/LICENSE\n\n    Be kind.\n\n    End.\n" in page


def test_the_bill_of_materials_is_a_cyclonedx_document():
    bill = json.loads(json.dumps(sbom([Part("A_b", "1", "MIT"), Part("c", "2", "my own", False)])))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["type"] == "application"
    first, second = bill["components"]
    assert first["purl"] == "pkg:pypi/a-b@1"
    assert first["licenses"] == [{"expression": "MIT"}]
    assert second["licenses"] == [{"license": {"name": "my own"}}]
