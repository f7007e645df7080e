"""What a prompt asks of a bundle: a finding, a place, and what cannot be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.text import as_sentence
from afloc_desktop.core.wording import Place, is_negated, parse_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.domain import Side, Zone
    from afloc_desktop.core.model.manifest import FindingSpec, Manifest
    from afloc_desktop.core.text import WordPiece

TEXT = "text"  # finding id of words the bundle does not list


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt as the model understands it.

    Attributes:
        prompt: The words as asked.
        finding_id: Of the bundle's finding they name, or `text`.
        label: What the reader sees.
        threshold: Similarity from which the answer counts as found.
        sigma_cells: Smoothing of the map, grid cells.
        side, zone: Named in the words; None where not.
        notes: What was understood beyond the meaning, for the reader.
        warnings: What the model cannot do with these words, for the reader.
    """

    prompt: Prompt
    finding_id: str
    label: str
    threshold: float
    sigma_cells: float
    side: Side | None
    zone: Zone | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class Interpreter:
    """Reads prompts as one bundle understands them."""

    def __init__(self, manifest: Manifest, tokenizer: WordPiece) -> None:
        self._manifest = manifest
        self._tokenizer = tokenizer
        self._names = _finding_names(manifest.findings)

    def understand(self, words: str) -> Question:
        """Match words with the bundle's findings and read the place they name.

        Args:
            words: A finding's id or label, a term or a sentence; not empty.
        """
        text = " ".join(words.split())
        # A bundle that reads words literally has its places in the words, not routed by us.
        is_literal = self._manifest.text.is_literal
        place = Place(None, None, text) if is_literal else parse_place(text)
        finding = self._names.get(text.lower().rstrip(".")) or self._names.get(place.rest.lower())
        notes = [f"side: {place.side}"] if place.side else []
        notes += [f"zone: {place.zone}"] if place.zone else []
        is_preset = finding is not None and not notes and (not is_literal or text == finding.id)
        spec = self._manifest.heatmap
        return Question(
            prompt=Prompt(text, "preset" if is_preset else "typed"),
            finding_id=finding.id if finding else TEXT,
            label=finding.label if finding and not notes else text,
            threshold=finding.threshold if finding else spec.threshold,
            sigma_cells=finding.sigma_cells if finding else spec.sigma_cells,
            side=place.side,
            zone=place.zone,
            notes=tuple(notes),
            warnings=self._warnings(text, is_listed=finding is not None),
        )

    def _warnings(self, text: str, *, is_listed: bool) -> tuple[str, ...]:
        warnings = []
        if is_negated(text):
            warnings.append("Negations are not understood: the map shows what is negated.")
        sentence = as_sentence(text, self._manifest.text)
        if not sentence:
            warnings.append("The model's own text cleaning leaves nothing of these words.")
        if self._tokenizer.is_cut(sentence):
            warnings.append("The text is too long: its end is not read.")
        if not is_listed and self._tokenizer.unknown_id in self._tokenizer.encode(sentence):
            warnings.append("Some of these words are unknown to the model.")
        return tuple(warnings)


def _finding_names(findings: Iterable[FindingSpec]) -> dict[str, FindingSpec]:
    names: dict[str, FindingSpec] = {}
    for finding in findings:
        for name in (finding.id, finding.label.lower(), *finding.synonyms, *finding.prompts):
            names.setdefault(name.lower().rstrip("."), finding)
            names.setdefault(name.lower() + "s", finding)
    return names
