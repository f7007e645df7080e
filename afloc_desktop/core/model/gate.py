"""Which words are about a film at all, by the text network's own sense of what a text means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.model.bundle import load_references

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.core.model.session import Sessions
    from afloc_desktop.core.text import WordPiece


class Gate:
    """Compares typed words with texts about films that the bundle carries."""

    def __init__(self, bundle: Bundle, sessions: Sessions, tokenizer: WordPiece) -> None:
        """Of a bundle that has a gate; nothing is loaded before the first words come."""
        self._bundle = bundle
        self._sessions = sessions
        self._tokenizer = tokenizer
        self._references: FloatArray | None = None

    def similarity(self, text: str) -> float:
        """Cosine of a text's meaning with the nearest of the references.

        Raises:
            BundleCorrupt: The references cannot be used.
            InferenceError: The text network cannot be run.
        """
        if self._references is None:
            self._references = load_references(self._bundle)
        sentence = self._sessions.encode_sentence(*self._tokenizer.encode_all([text]))[0]
        return float((self._references @ sentence).max())

    def admits(self, text: str) -> bool:
        """Whether a text is about a film.

        Raises:
            BundleCorrupt, InferenceError: As `similarity`.
        """
        gate = self._bundle.manifest.gate
        return gate is None or self.similarity(text) >= gate.threshold
