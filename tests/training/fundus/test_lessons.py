import numpy as np
import pytest
from afloc_training.fundus.features import EyeSet
from afloc_training.fundus.lessons import EyeCurriculum
from afloc_training.fundus.network import GRID
from afloc_training.fundus.vocabulary import FINDINGS, IDS, sentence_bank

BANK = sentence_bank()


@pytest.fixture
def eyes():
    """Two real eyes of unlike grade and a painted one with a single haemorrhage."""
    truth = np.zeros((3, len(FINDINGS)), np.int8)
    truth[:, IDS.index("optic_disc")] = 1
    truth[1] = -1
    truth[2, IDS.index("retinal_hemorrhage")] = 1
    masks = np.zeros((3, len(FINDINGS), GRID, GRID), np.float16)
    masks[2, IDS.index("retinal_hemorrhage"), 5, 7] = 1
    masks[2, IDS.index("optic_disc"), 30:34, 40:44] = 1
    return EyeSet((), truth, masks, np.array([False, False, True]), np.array([0, 3, 0], np.int8))


def test_half_of_a_lesson_is_painted_and_every_finding_is_asked(eyes):
    lesson = EyeCurriculum(eyes, BANK).draw(np.random.default_rng(0), 8)
    assert (lesson.eyes == 2).sum() == 4
    asked = {BANK[n].finding for n in lesson.sentences if not BANK[n].is_negated}
    assert asked == set(range(len(FINDINGS)))


def test_denied_findings_have_empty_maps_and_the_opposite_truth(eyes):
    lesson = EyeCurriculum(eyes, BANK).draw(np.random.default_rng(1), 8)
    for k, number in enumerate(lesson.sentences):
        sentence = BANK[number]
        content = eyes.truth[lesson.eyes, sentence.finding]
        if sentence.is_negated:
            assert not lesson.presence[:, k].any()
            known = content >= 0
            assert (lesson.agreement[known, k] == 1 - content[known]).all()
            assert (lesson.agreement[~known, k] == -1).all()
        else:
            assert (lesson.presence[:, k] == content).all()


def test_masks_are_taught_on_painted_eyes_alone_and_only_where_the_words_are_true(eyes):
    curriculum = EyeCurriculum(eyes, BANK)
    rng = np.random.default_rng(2)
    for _ in range(5):
        lesson = curriculum.draw(rng, 8)
        assert (lesson.eyes[lesson.mask_pairs[:, 0]] == 2).all()
        for (_, k), target in zip(lesson.mask_pairs, lesson.mask_targets, strict=True):
            sentence = BANK[lesson.sentences[k]]
            is_true = eyes.truth[2, sentence.finding] == 1 and not sentence.is_negated
            wanted = eyes.masks[2, sentence.finding] if is_true else np.zeros((GRID, GRID))
            assert np.array_equal(target.reshape(GRID, GRID), wanted)


def test_no_text_of_the_bank_means_two_things_and_every_eye_has_a_disc():
    assert len({sentence.text for sentence in BANK}) == len(BANK)
    disc = [sentence for sentence in BANK if sentence.finding == IDS.index("optic_disc")]
    assert disc
    assert not any(sentence.is_negated for sentence in disc)
