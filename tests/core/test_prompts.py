import re

import pytest

from afloc_desktop.core.prompts import chest_library, chest_probes, library_of


@pytest.mark.parametrize(("modality", "count"), [("cxr", 31), ("fundus", 15), ("histo", 16)])
def test_the_libraries_know_their_findings_with_words_for_and_against_each(modality, count):
    findings = library_of(modality).findings
    assert len(findings) == len({f.id for f in findings}) == count
    for finding in findings:
        assert len(finding.names) >= 2
        assert len(finding.present) >= 4
        assert len(finding.absent) >= 3
        assert finding.synonyms
        assert all(text.endswith(".") for text in (*finding.present, *finding.absent))
        assert all(name == name.lower() for name in finding.terms)


def test_patterns_keep_their_digits_in_every_phrasing():
    for finding in library_of("histo").findings:
        if finding.id.startswith("gleason"):
            own = finding.id[-1]
            digits = {
                d for text in (*finding.terms, finding.official) for d in re.findall(r"\d", text)
            }
            assert digits == {own}


@pytest.mark.parametrize("modality", ["cxr", "fundus", "histo"])
def test_no_words_name_two_findings(modality):
    owners = {}
    for finding in library_of(modality).findings:
        for term in finding.terms:
            assert owners.setdefault(term, finding.id) == finding.id


def test_a_phrasing_that_says_a_finding_is_there_names_no_side():
    for finding in chest_library().findings:
        for text in finding.present:
            assert not {"left", "right", "bilateral"} & set(text.lower().rstrip(".").split())


def test_british_and_american_spellings_and_abbreviations_are_known():
    terms = {term: f.id for f in chest_library().findings for term in f.terms}
    assert terms["pulmonary oedema"] == terms["edema"] == terms["chf"] == "pulmonary_edema"
    assert terms["tumour"] == terms["tumor"] == "mass"
    assert terms["ptx"] == "pneumothorax"
    assert terms["ett"] == terms["picc line"] == "support_devices"


def test_what_is_measured_on_takes_no_part_in_what_is_measured():
    library, probes = chest_library(), chest_probes()
    known = {t.lower().rstrip(".") for t in library.references}
    known |= {term for f in library.findings for term in f.terms}
    paraphrases = [t for texts in probes.paraphrases.values() for t in texts]
    for text in (*paraphrases, *probes.reported):
        assert text.lower().rstrip(".") not in known
    assert not {*probes.related, *probes.unrelated} & {*paraphrases, *probes.reported}
    assert set(probes.paraphrases) == {f.id for f in library.findings}
    assert all(len(texts) == 5 for texts in probes.paraphrases.values())
    assert min(len(probes.unrelated), len(probes.reported)) >= 60


def test_a_finding_is_found_by_its_id():
    assert chest_library().finding("bulla").label == "Bulla"
    assert chest_library().finding("banana") is None
