"""What a prompt asks of a bundle: a finding, a place, and what cannot be answered."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.places import WHOLE, Part, parse_part
from afloc_desktop.core.prompts import library_of
from afloc_desktop.core.text import as_sentence
from afloc_desktop.core.wording import (
    Mention,
    Phrasebook,
    Place,
    is_negated,
    other_language,
    parse_place,
    says_normal,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from afloc_desktop.core.domain import Side, Zone
    from afloc_desktop.core.model.manifest import FindingSpec, Manifest
    from afloc_desktop.core.text import WordPiece

TEXT = "text"  # finding id of words the bundle does not list
# As the sentences of the training say it.
_ZONES: dict[Zone, str] = {
    "upper": "upper lung zone",
    "mid": "mid lung zone",
    "lower": "lower lung zone",
}
# Words that go with a finding and add nothing to what is looked for.
_FILLER = """
a an the this that there is are was were be been being has have had with in on at of to for and or
by from as it its over into near within around beside seen noted present visible identified shown
show shows showing demonstrated demonstrates demonstrate evidence finding findings suggesting
suggest suggests suggestive consistent compatible keeping concerning suspicious representing
represent represents image film radiograph chest x-ray xray view likely possible possibly probable
probably suspected definite new old recent known stable unchanged again also but projecting projects
some any area region sign signs appearance patient find where look please mark side sided both
bilateral lung lungs cm mm no not non without absent absence negative free clear neither nor never
lack denies excluded excludes ruled out rules resolved resolution only just cannot can may could
interval increase increased increasing decrease decreased decreasing worse worsening improved
improving change changed situ still
"""
# Of these, words that tell of a film all the same.
_FILM = "lung lungs chest radiograph x-ray xray film"
_KEPT_QUESTIONS = 512
_UNRELATED = {
    "cxr": "These words do not describe anything this model knows on a chest film.",
    "fundus": "These words do not describe anything this model knows on a fundus photograph.",
    "histo": "These words do not describe anything this model knows on a histology image.",
}
_KINDS = {"cxr": "chest films", "fundus": "fundus photographs", "histo": "histology images"}


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
        sentence: What the text network reads, where it is asked.
        mentions: Findings that the words name, denied ones too.
        is_negated: The words only say that something is absent, or as it should be.
        is_taught: The bundle was taught what the words name, as far as that is known.
        is_related: The words are about a film, as far as the bundle can tell.
        gain, bias: Of the calibration of this very question; both None without one.
        leans_on: The one finding of the bundle that the words name, where they say more besides;
            its prompts count as much as the words. None where there is no such finding.
        part: Of the picture, named in the words; the whole one where none is.
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
    sentence: str = ""
    mentions: tuple[Mention, ...] = ()
    is_negated: bool = False
    is_taught: bool = True
    is_related: bool = True
    gain: float | None = None
    bias: float | None = None
    leans_on: str | None = None
    part: Part = WHOLE

    @property
    def can_be_present(self) -> bool:
        """Whether a high similarity may be called a finding at all."""
        return self.is_related and self.is_taught and not self.is_negated


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text taken apart.

    Attributes:
        text: One space between words.
        place: Named beside the findings.
        mentions: In their order.
        degrees: Words for how much, as "small".
        others: Words that none of this explains.
        part: Of a picture.
    """

    text: str
    place: Place
    mentions: tuple[Mention, ...]
    degrees: tuple[str, ...]
    others: tuple[str, ...]
    part: Part = WHOLE

    @property
    def stated(self) -> tuple[str, ...]:
        """Ids of the findings said to be there, each once."""
        return tuple(dict.fromkeys(m.finding_id for m in self.mentions if not m.is_negated))

    @property
    def is_explained(self) -> bool:
        """Whether it names findings and says nothing else that could matter."""
        return bool(self.mentions) and not self.others

    @property
    def is_negated(self) -> bool:
        """Whether all it says is that something is absent, or as it should be."""
        return (is_negated(self.text) or says_normal(self.text)) and not self.stated


class Interpreter:
    """Reads prompts as one bundle understands them."""

    def __init__(
        self,
        manifest: Manifest,
        tokenizer: WordPiece,
        is_related: Callable[[str], bool] = lambda text: True,
    ) -> None:
        """`is_related` tells words about a film from others; asked only where nothing else does."""
        self._manifest = manifest
        self._tokenizer = tokenizer
        self._is_related = is_related
        self._names = _finding_names(manifest.findings)
        self._listed = {finding.id: finding for finding in manifest.findings}
        library = library_of(manifest.modality)
        self._labels = {entry.id: entry.label for entry in library.findings}
        self._labels |= {finding.id: finding.label for finding in manifest.findings}
        terms = {term: entry.id for entry in library.findings for term in entry.terms}
        terms |= {name: finding.id for name, finding in self._names.items()}
        self._book = Phrasebook(terms)
        self._degrees = frozenset(word for entry in library.findings for word in entry.severity)
        self._fillers = frozenset(_FILLER.split())
        self._vocabulary = _vocabulary((*terms, *library.references))
        self._understood = functools.lru_cache(_KEPT_QUESTIONS)(self._take)

    def understand(self, words: str) -> Question:
        """Match words with the bundle's findings and read the place they name.

        Args:
            words: A finding's id or label, a term or a sentence; not empty.
        """
        return self._understood(words)

    def _take(self, words: str) -> Question:
        text = " ".join(words.split())
        named = self._names.get(text.lower().rstrip("."))
        reading = self._read(text)
        finding = named or self._only_finding(reading)
        place, spec = reading.place, self._manifest.heatmap
        is_preset = named is not None and (not self._is_literal or text == named.id)
        notes = () if is_preset or self._is_literal else self._notes(reading, finding)
        # A bundle that reads words literally has its places in the words, not routed by us.
        part = reading.part
        if self._is_literal:
            place, part = Place(None, None, place.rest), WHOLE
        has_place = place.side is not None or place.zone is not None or part.is_named
        is_whole = not has_place and not reading.is_negated
        is_known = finding is not None or reading.is_explained
        question = Question(
            prompt=Prompt(text, "preset" if is_preset else "typed"),
            finding_id=finding.id if finding else TEXT,
            label=finding.label if finding and not notes else text,
            threshold=finding.threshold if finding else spec.threshold,
            sigma_cells=finding.sigma_cells if finding else spec.sigma_cells,
            side=place.side,
            zone=place.zone,
            notes=notes,
            warnings=(),
            sentence=self._sentence(reading, finding),
            mentions=reading.mentions,
            is_negated=not is_preset and reading.is_negated,
            is_taught=finding is not None or self._is_taught(reading),
            is_related=is_known or self._is_about_a_film(reading),
            gain=finding.gain if finding and is_whole else None,
            bias=finding.bias if finding and is_whole else None,
            leans_on=None if finding else self._leans_on(reading),
            part=part,
        )
        return replace(question, warnings=tuple(self._warnings(question, reading)))

    @property
    def _is_literal(self) -> bool:
        return self._manifest.text.is_literal

    def _read(self, text: str) -> _Reading:
        if text in self._listed:  # most prompts; a start need not wait for the phrasebook
            return _Reading(text, Place(None, None, ""), (Mention(text, text, False),), (), ())
        names = tuple(mention.words for mention in self._book.find(text)[0])
        part, rest = parse_part(text, self._manifest.modality, names)
        mentions, remainder = self._book.find(rest)
        is_chest = self._manifest.modality == "cxr"
        place = parse_place(remainder) if is_chest else Place(None, None, remainder)
        words = [word for word in words_of(place.rest) if word not in self._fillers]
        return _Reading(
            text=text,
            place=place,
            mentions=mentions,
            degrees=tuple(word for word in words if word in self._degrees),
            others=tuple(word for word in words if word not in self._degrees),
            part=part,
        )

    def _only_finding(self, reading: _Reading) -> FindingSpec | None:
        """The one finding a text names where it says nothing else that could matter."""
        if self._is_literal or reading.others:
            return None
        named = reading.stated or tuple(dict.fromkeys(m.finding_id for m in reading.mentions))
        return self._listed.get(named[0]) if len(named) == 1 else None

    def _leans_on(self, reading: _Reading) -> str | None:
        """The one listed finding of a text whose other words the sentences of training lack."""
        if self._is_literal or len(reading.stated) != 1:
            return None
        return reading.stated[0] if reading.stated[0] in self._listed else None

    def _is_taught(self, reading: _Reading) -> bool:
        named = {mention.finding_id for mention in reading.mentions}
        return not named or bool(named & self._listed.keys())

    def _is_about_a_film(self, reading: _Reading) -> bool:
        # A made-up word can lie anywhere among texts; where no word is known, nobody need ask.
        words = set(words_of(reading.text)) - (self._fillers - set(_FILM.split()))
        is_known = not words or any(self._knows(word) for word in words)
        return is_known and self._is_related(reading.text)

    def _knows(self, word: str) -> bool:
        return _stem(word) in self._vocabulary

    def _sentence(self, reading: _Reading, finding: FindingSpec | None) -> str:
        place = reading.place
        if finding and place.zone and not self._is_literal:
            side = f"{place.side} " if place.side in ("right", "left") else ""
            return f"{finding.label} in the {side}{_ZONES[place.zone]}."
        return as_sentence(reading.text, self._manifest.text)

    def _notes(self, reading: _Reading, finding: FindingSpec | None) -> tuple[str, ...]:
        notes = []
        labels = [self._labels[finding_id] for finding_id in reading.stated]
        if finding:
            notes.append(f"finding: {finding.label}")
        elif self._leans_on(reading):
            notes.append(f"names {labels[0]}: answered with it and the other words")
        elif labels:
            notes.append(f"names {', '.join(labels)}: the whole text is answered at once")
        place = reading.place
        part, can_route = reading.part, self._manifest.heatmap.side_penalty > 0
        is_side = place.side and (can_route or place.side == "bilateral")
        notes += [f"side: {place.side}"] if is_side else []
        notes += [f"zone: {place.zone}"] if place.zone else []
        notes += [f"part of the picture: {part.words}"] if part.is_named and can_route else []
        notes += [f"eye: {part.eye}"] if part.eye else []
        notes += [f"degree, not used: {', '.join(reading.degrees)}"] if reading.degrees else []
        return tuple(notes)

    def _warnings(self, question: Question, reading: _Reading) -> Iterator[str]:
        language = other_language(reading.text)
        if language:
            yield f"These words look like {language}: the model was taught English."
        if not question.is_related:
            yield _UNRELATED[self._manifest.modality]
        if question.is_negated:
            yield (
                "Negations are not understood: the map shows what is negated."
                if is_negated(reading.text)
                else "These words say that all is well: the map shows what they speak of."
            )
        if not question.is_taught:
            labels = ", ".join(self._labels[m.finding_id] for m in reading.mentions)
            yield (
                f"This model was not taught {labels}: the map shows what comes nearest, and "
                "nothing is called present."
            )
        yield from self._unheeded(reading)
        if not question.sentence:
            yield "The model's own text cleaning leaves nothing of these words."
        if self._tokenizer.is_cut(question.sentence):
            yield "The text is too long: its end is not read."
        if question.finding_id == TEXT and question.is_related:
            yield from self._unknown(question.sentence, reading)

    def _unheeded(self, reading: _Reading) -> Iterator[str]:
        """That the answer is not led to a place the words name."""
        side, part = reading.place.side or "", reading.part
        if self._is_literal:
            zone = reading.place.zone or ""
            named = ", ".join(filter(None, (f"{side} {zone}".strip(), part.words, *part.not_used)))
            if named:
                yield f"This model is not led to a place: {named} is read as words alone."
            return
        named = part.words or side.replace("bilateral", "")
        if named and self._manifest.heatmap.side_penalty <= 0:
            yield f"This model does not tell places apart: {named} was ignored."
        if part.not_used:
            yield f"A place that is not told apart was ignored: {', '.join(part.not_used)}."

    def _unknown(self, sentence: str, reading: _Reading) -> Iterator[str]:
        unknown = [word for word in reading.others if not self._knows(word)]
        if unknown:
            kind = _KINDS[self._manifest.modality]
            yield f"Words unknown for {kind}: {', '.join(dict.fromkeys(unknown))}."
        elif self._tokenizer.unknown_id in self._tokenizer.encode(sentence):
            yield "Some of these words are unknown to the model."


def _vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """Stems of every word of some texts, and of the zones."""
    return frozenset(_stem(w) for text in (*texts, *_ZONES.values()) for w in words_of(text))


def _stem(word: str) -> str:
    """A word without the ending of a plural."""
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def _finding_names(findings: Iterable[FindingSpec]) -> dict[str, FindingSpec]:
    names: dict[str, FindingSpec] = {}
    for finding in findings:
        for name in (finding.id, finding.label.lower(), *finding.synonyms, *finding.prompts):
            names.setdefault(name.lower().rstrip("."), finding)
            names.setdefault(name.lower() + "s", finding)
    return names
