from dataclasses import replace

import pytest
import readings
from doubles import FakeLocalizer, film, listing, ref

from afloc_desktop.core.domain import Prompt, Spacing
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.findings import extent
from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.store import Answer, Grid, Model, Pane, Problem, State, Store, home_of

EFFUSION = Prompt("effusion", "preset")


def answered(number=1) -> Answer:
    model, image = FakeLocalizer(), film(number)
    question = model.understand("effusion")
    heatmap = model.localize(image, EFFUSION)
    return Answer(
        EFFUSION, question, heatmap, float(heatmap.similarity.max()), extent(heatmap), 0.1
    )


def reading(number=1, sha="bundle") -> State:
    runs_on = "CPUExecutionProvider"
    model = Model("fake", "1", "Fake", sha, "fingerprint", runs_on, "cxr", ("DX",), ())
    return State(image=film(number), model=model, prompt=EFFUSION)


def test_listeners_get_the_snapshot_before_and_after():
    store, seen = Store(State()), []
    store.listen(lambda old, new: seen.append((old.opacity, new.opacity)))
    store.update(opacity=0.2)
    assert seen == [(0.45, 0.2)]
    assert store.state.opacity == 0.2


def test_several_changes_are_told_once():
    store, seen = Store(State()), []
    store.listen(lambda old, new: seen.append(new))
    store.update(opacity=0.2, is_contour=True, scanned=7)
    assert len(seen) == 1


def test_a_listener_that_ended_hears_nothing():
    store, seen = Store(State()), []
    stop = store.listen(lambda old, new: seen.append(new))
    stop()
    stop()
    store.update(opacity=0.2)
    assert seen == []


def test_a_listener_may_not_update():
    store = Store(State())
    store.listen(lambda old, new: store.update(opacity=0.1))
    with pytest.raises(RuntimeError):
        store.update(opacity=0.2)


def test_the_store_still_works_after_a_listener_failed():
    store = Store(State())
    stop = store.listen(lambda old, new: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.update(opacity=0.2)
    stop()
    store.update(opacity=0.3)
    assert store.state.opacity == 0.3


def test_an_unknown_field_is_refused():
    with pytest.raises(TypeError):
        Store(State()).update(opasity=0.2)


def test_the_key_of_an_answer_is_the_key_of_its_film_model_and_words():
    assert reading(1).key_for(film(1)) == answered(1).heatmap.key


@pytest.mark.parametrize(
    "other",
    [
        reading(1, sha="another bundle").key_for(film(1)),
        reading(1).key_for(film(2)),
        reading(1).key_for(film(1, pixel_sha256="same file, other pixels")),
        reading(1).key_for(film(1, ref=replace(ref(1), frame=2))),
        replace(reading(1), prompt=Prompt("nodule", "preset")).key_for(film(1)),
        replace(reading(1), prompt=None).key_for(film(1)),
        replace(reading(1), model=None).key_for(film(1)),
    ],
)
def test_the_key_of_an_answer_fits_nothing_else(other):
    assert other != answered(1).heatmap.key


def test_the_key_of_another_question_can_be_asked_for():
    nodule = Prompt("nodule", "preset")
    chosen = replace(reading(1), prompt=nodule)
    assert reading(1).key_for(film(1), nodule) == chosen.key_for(film(1))


def test_questions_of_this_run_come_before_those_of_earlier_ones_and_none_twice():
    state = State(asked=("new", "both"), remembered=("both", "old"))
    assert state.questions == ("new", "both", "old")
    assert len(State(remembered=tuple(map(str, range(99)))).questions) == 50


def test_the_readers_threshold_goes_before_the_findings_own():
    answer = answered()
    assert State().threshold(answer) == 0.3
    assert State(thresholds={EFFUSION: 0.9}).threshold(answer) == 0.9


def test_presence_follows_the_threshold_in_use():
    answer = answered()
    highest = answer.similarity
    assert State(thresholds={EFFUSION: highest}).is_present(answer)
    assert not State(thresholds={EFFUSION: highest + 1e-6}).is_present(answer)


def test_no_answer_without_a_question():
    assert State(answers={EFFUSION: answered()}).answer is None


def test_a_film_knows_its_study_and_series():
    found = home_of(listing(1, 2), ref(2))
    assert found is not None
    assert (found.study.patient_id, found.series.description) == ("PID-7", "Chest 2")
    assert found.place == 0
    assert home_of(listing(1), ref(2)) is None


def test_a_problem_is_the_two_sentences_of_an_error():
    error = UnreadableFile("The file ends too early.", remedy="Copy it again.")
    assert Problem.of(error) == Problem("The file ends too early.", "Copy it again.")


def test_a_finding_that_is_there_is_painted_in_its_extent():
    answer = answered()
    own = answer.question.threshold
    assert answer.floor == min(own, answer.extent)
    assert State().level(answer) == answer.floor
    just = State(thresholds={EFFUSION: answer.similarity})
    assert just.level(answer) == answer.extent < answer.similarity


def test_a_finding_that_is_not_there_is_not_painted():
    answer = answered()
    above = answer.similarity + 0.1
    assert State(thresholds={EFFUSION: above}).level(answer) == above


NODULE = Prompt("nodule", "preset")


def moment(**changes):
    """A moment with an answer to each listed finding, effusion chosen."""
    return replace(readings.reading(), **changes)


def test_what_is_kept_is_drawn_beside_the_chosen_answer_and_all_that_is_there_if_wanted():
    low = moment(thresholds={NODULE: -2.0})
    assert [a.prompt for a in replace(low, kept=(NODULE, EFFUSION)).beside()] == [NODULE]
    everything = replace(low, draws_all=True, kept=(NODULE,))
    assert everything.beside()[0].prompt == NODULE
    assert EFFUSION not in [a.prompt for a in everything.beside()]
    assert replace(low, answers={}, kept=(NODULE,)).beside() == ()


def test_a_probability_is_that_of_the_calibration_or_none():
    state = moment()
    answer = state.answer
    assert state.probability(answer) is None
    question = replace(answer.question, gain=4.0, bias=-4 * answer.similarity)
    assert state.probability(replace(answer, question=question)) == 0.5
    steep = replace(question, gain=-1e9, bias=0.0)
    assert 0 <= state.probability(replace(answer, question=steep)) < 1e-6
    unseen = replace(answer, question=question, similarity=float("nan"))
    assert state.probability(unseen) is None


def test_words_that_cannot_mean_a_finding_are_never_there():
    state = moment(thresholds={EFFUSION: -2.0})
    answer = state.answer
    assert state.is_present(answer)
    assert not state.is_present(replace(answer, question=replace(answer.question, is_taught=False)))


def test_a_verdict_is_found_by_its_answer():
    state = moment()
    assert state.judgement(state.answer) is None
    known = replace(state, judged={state.answer.heatmap.key: "verdict"})
    assert known.judgement(known.answer) == "verdict"


def test_the_report_that_is_shown_is_one_of_the_study():
    assert moment().shown_report is None
    assert moment(reports=("first", "second"), report=1).shown_report == "second"


def test_each_cell_sees_its_own_film_and_what_is_under_way_for_it():
    other = film(2)
    state = moment(
        grid=Grid(1, 2), parked={1: Pane(image=other)}, busy=frozenset({"survey", "pane 1"})
    )
    assert state.grid.cells == 2
    assert state.at(0) is state
    seen = state.at(1)
    assert (seen.image, seen.answers, seen.busy) == (other, {}, frozenset({"image"}))
    assert (state.at(3).image, state.at(3).busy) == (None, frozenset())


def test_a_calibration_by_hand_goes_before_what_the_file_says():
    state, by_hand = moment(), Spacing(0.2, 0.2, "reader")
    assert state.spacing(state.image) is state.image.spacing
    known = replace(state, calibrations={FilmKey.of(state.image): by_hand})
    assert known.spacing(state.image) == by_hand
