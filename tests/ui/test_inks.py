from dataclasses import replace

from readings import EFFUSION, asked, reading

from afloc_desktop.core.domain import Prompt
from afloc_desktop.ui.inks import ink_of, swatch


def test_no_two_findings_of_a_long_list_look_alike():
    state = reading()
    many = tuple(replace(state.model.findings[0], id=f"finding {n}") for n in range(34))
    state = replace(state, model=replace(state.model, findings=many))
    assert len({ink_of(state, Prompt(f.id, "preset")) for f in many}) == 34


def test_a_finding_keeps_its_ink_when_others_are_asked():
    state = asked("right lung")
    later = replace(state, asked=("left lung", "right lung"))
    right, left = Prompt("right lung", "typed"), Prompt("left lung", "typed")
    assert ink_of(state, right) == ink_of(later, right) != ink_of(later, left)
    assert ink_of(later, EFFUSION) == ink_of(state, EFFUSION)


def test_a_question_without_a_place_in_the_list_has_an_ink_too():
    assert ink_of(replace(reading(), model=None), EFFUSION) == ink_of(
        replace(reading(), model=None), Prompt("other", "report")
    )


def test_a_swatch_shows_the_colour(qapp):
    ink = ink_of(reading(), EFFUSION)
    picture = swatch(ink).pixmap(14, 14).toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(14) for y in range(14)}
    assert ink.colour in colours
