import pytest
from afloc_training import vocabulary
from afloc_training.afloc.terms import SENTENCES, SUBJECTS

from afloc_desktop.core.text import TextSpec, as_sentence


def test_the_chest_list_has_the_thirty_one_merged_findings():
    assert len(SUBJECTS["cxr"]) == 31


@pytest.mark.parametrize("modality", SUBJECTS)
def test_names_are_plain_unique_and_some_are_selected(modality):
    subjects = SUBJECTS[modality]
    ids = [s.id for s in subjects]
    assert len(set(ids)) == len(ids)
    assert all(i.replace("_", "").isalnum() and i == i.lower() for i in ids)
    assert 0 < sum(s.is_default for s in subjects) < len(subjects)
    words = [w for s in subjects for w in s.synonyms]
    assert all(w and w == w.lower() for w in words)


@pytest.mark.parametrize("modality", SUBJECTS)
def test_no_prompt_loses_a_word_or_a_digit_to_either_cleaning(modality):
    for cleaning in ("afloc", "afloc-words"):
        spec = TextSpec("wordpiece", True, 97, cleaning, SENTENCES[modality])
        for subject in SUBJECTS[modality]:
            kept = as_sentence(subject.prompt, spec)
            wanted = subject.prompt.lower().rstrip(".").replace("-", " ").split()
            assert kept.split() == wanted


def test_findings_both_bundles_know_have_one_name():
    chest = {s.id for s in SUBJECTS["cxr"]}
    assert {f.id for f in vocabulary.FINDINGS} <= chest


def test_the_pattern_of_a_gleason_score_is_part_of_its_prompt():
    prompts = [s.prompt for s in SUBJECTS["histo"] if s.id.startswith("gleason")]
    assert [p for p, n in zip(prompts, "345", strict=True) if f"pattern {n} " in p] == prompts


def test_the_published_protocol_has_one_prompt_and_the_library_several_without_a_zone():
    for subject in SUBJECTS["cxr"]:
        assert subject.prompt == f"Findings suggesting {subject.prompt[20:-1]}."
        assert len(subject.phrasings) >= 4
        assert len(set(subject.phrasings)) == len(subject.phrasings)
    (effusion,) = (s for s in SUBJECTS["cxr"] if s.id == "pleural_effusion")
    assert effusion.prompt == "Findings suggesting pleural effusion."
    assert not any("costophrenic" in text for text in effusion.phrasings)
