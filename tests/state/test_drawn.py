from dataclasses import replace

from readings import EFFUSION, reading

from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.drawn import Drawn
from afloc_desktop.state.store import Store

NODULE, PNEUMOTHORAX = Prompt("nodule", "preset"), Prompt("pneumothorax", "preset")


def beside(state):
    return [answer.prompt for answer in state.beside()]


def test_kept_findings_are_drawn_beside_the_chosen_one_in_the_order_of_keeping():
    store = Store(reading())
    drawn = Drawn(store)
    for prompt in (PNEUMOTHORAX, NODULE, EFFUSION):
        drawn.keep(prompt, True)
    assert beside(store.state) == [PNEUMOTHORAX, NODULE]
    drawn.keep(PNEUMOTHORAX, False)
    assert beside(store.state) == [NODULE]


def test_what_has_no_answer_yet_is_not_drawn():
    store = Store(reading(answers={}))
    Drawn(store).keep(NODULE, True)
    assert store.state.beside() == ()


def test_all_that_is_there_can_be_drawn_and_follows_the_thresholds():
    store = Store(reading(thresholds={p: 2.0 for p in reading().answers}))
    Drawn(store).draw_all(True)
    assert store.state.beside() == ()
    low = replace(store.state, thresholds={NODULE: -2.0} | dict.fromkeys([EFFUSION], -2.0))
    assert NODULE in beside(low)
    assert EFFUSION not in beside(low)


def test_boxes_are_a_switch():
    store = Store(reading())
    Drawn(store).draw_boxes(True)
    assert store.state.has_boxes
