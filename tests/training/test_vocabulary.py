from __future__ import annotations

from afloc_training.vocabulary import BY_NIH_LABEL, FINDINGS, OPACITIES


def test_no_name_means_two_findings():
    seen: dict[str, str] = {}
    for term in FINDINGS:
        for name in {term.id, term.label.lower(), *term.synonyms, *map(str.lower, term.prompts)}:
            assert seen.setdefault(name, term.id) == term.id
            assert name == name.lower()


def test_the_fourteen_labels_of_the_table_are_known():
    assert len(BY_NIH_LABEL) == 14
    assert {term.id for term in FINDINGS} >= OPACITIES
