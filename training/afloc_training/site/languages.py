"""Which language a report is in, by its function words; explainable, and enough to warn."""

from __future__ import annotations

import re
import unicodedata

from afloc_training.site.words import CLINICAL

_WORDS = {
    "English": "the of and is are no with in there to without was or has been within not a an on"
    " for from by at this that which be may seen unchanged normal right left",
    "German": "der die das und ist sind kein keine keinen mit ohne nicht im am auf des den dem ein"
    " eine einer bei zum zur nach rechts links beidseits unauffällig es wird",
    "French": "le la les des du et est sont pas de une un avec sans au aux dans droit droite"
    " gauche absence aucun aucune sur par ou",
    "Spanish": "el la los las de del y es son no con sin en una un se por derecho derecha"
    " izquierdo izquierda ni al",
    "Italian": "il lo la gli le di del della e è sono non con senza in una un si per destro destra"
    " sinistro sinistra dei delle nel",
    "Portuguese": "o a os as de do da dos das e é são não com sem em uma um se por direito direita"
    " esquerdo esquerda no na ao",
    "Dutch": "de het een en is zijn geen met zonder niet in op van aan rechts links bij er wordt",
}
_ALSO_ENGLISH = frozenset(("am", "die", "do", "per", "son", "van"))
_FUNCTION_WORDS = {
    language: frozenset(
        word
        for word in words.split()
        if language == "English" or not (word in _ALSO_ENGLISH | CLINICAL or len(word) == 1)
    )
    for language, words in _WORDS.items()
}
_WORD = re.compile(r"[^\W\d_]+")
_NON_LATIN_SHARE = 0.3


def guess_language(text: str) -> str | None:
    """The language of a text, None where nothing speaks for one.

    The rule: letters of another script name the script. Else the language with the most function
    words ("the", "kein", "sans") in the text; English wins ties, being what the shipped text
    encoder knows. A text without any is not English where it has letters with accents.
    """
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if not unicodedata.name(c, "").startswith("LATIN")]
    if letters and len(foreign) > _NON_LATIN_SHARE * len(letters):
        return unicodedata.name(foreign[0], "unknown").split()[0].title() + " script"
    words = [word.lower() for word in _WORD.findall(text)]
    hits = {
        language: sum(word in known for word in words)
        for language, known in _FUNCTION_WORDS.items()
    }
    best = max(hits, key=lambda language: (hits[language], language == "English"))
    if hits[best]:
        return best
    return None if all(c.isascii() for c in letters) else "a language other than English"
