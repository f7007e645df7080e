"""Docstrings, documents and public signatures say what the code does."""

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest
from afloc_training import cli as training
from guides import commands

from afloc_desktop import cli
from afloc_desktop.core import errors
from afloc_desktop.core.findings import propose
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.preprocess import prepare

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "afloc_desktop/core").rglob("*.py"))
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.AflocError)
}
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "resources").rglob("*.md"),
]


def public_functions(path):
    """Functions a caller elsewhere may use: no underscore in their name or their class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        if getattr(node, "name", "_").startswith("_"):
            continue
        for member in members:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                yield member


@pytest.mark.parametrize("path", CORE, ids=[str(p.relative_to(ROOT)) for p in CORE])
def test_errors_raised_by_a_public_function_are_documented(path):
    for function in public_functions(path):
        documented = ast.get_docstring(function) or ""
        for node in ast.walk(function):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised = ast.unparse(node.exc.func)
                if raised in ERRORS:
                    assert "Raises:" in documented, function.name
                    assert raised in documented, (function.name, raised)


@pytest.mark.parametrize("path", CORE, ids=[str(p.relative_to(ROOT)) for p in CORE])
def test_public_functions_are_described(path):
    for function in public_functions(path):
        assert ast.get_docstring(function), function.name


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.name for p in DOCUMENTS])
def test_links_of_the_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert target.startswith("http") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.name for p in DOCUMENTS])
def test_every_command_in_a_document_is_one(path):
    desktop, verbs = cli._parser()
    for program, *words in commands(path):
        parser = desktop if program == "afloc" else training._parser()
        if program == "afloc" and words and words[0] not in verbs and words[0][0] != "-":
            words.insert(0, "open")
        if "--version" not in words:  # which ends the program
            parser.parse_args(words)


def test_the_conformance_statement_is_what_the_code_does(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tests/tools")
    monkeypatch.delitem(sys.modules, "make_conformance", raising=False)
    import make_conformance

    text = make_conformance.DOCUMENT.read_text(encoding="utf-8")
    assert make_conformance.made_anew(text) == text, "run tests/tools/make_conformance.py"


def test_the_signatures_other_front_ends_rely_on_stay():
    """A change here needs a line in the CHANGELOG."""
    assert str(inspect.signature(Localizer.open)) == (
        "(folder: 'Path', *, provider: 'str', resolution: 'Resolution' = 'standard') -> 'Localizer'"
    )
    assert list(inspect.signature(Localizer.localize).parameters) == [
        "self",
        "image",
        "prompt",
        "check",
    ]
    assert list(inspect.signature(prepare).parameters) == [
        "pixels",
        "spec",
        "padding",
        "pixel_aspect",
        "colour",
    ]
    assert list(inspect.signature(propose).parameters) == [
        "heatmap",
        "question",
        "spacing",
        "provenance",
        "threshold",
    ]
