"""Answers on a slide as those on a film: numbers, thresholds and colours are the same for both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from afloc_desktop.core.findings import extent
from afloc_desktop.state.store import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.slides.answers import SlideAnswer


def as_answers(
    found: Mapping[Prompt, SlideAnswer], before: Mapping[Prompt, Answer]
) -> dict[Prompt, Answer]:
    """What the panels show of a run; what has not changed since `before` is taken from there."""
    return {
        prompt: _known(before.get(prompt), answer) or _made(prompt, answer)
        for prompt, answer in found.items()
    }


def _known(before: Answer | None, answer: SlideAnswer) -> Answer | None:
    is_same = before is not None and before.heatmap.similarity is answer.map.similarity
    return before if is_same else None


def _made(prompt: Prompt, answer: SlideAnswer) -> Answer:
    heatmap = replace(answer.heatmap, prompt=prompt)
    highest = answer.finding.similarity
    return Answer(prompt, answer.question, heatmap, highest, extent(heatmap), 0.0)
