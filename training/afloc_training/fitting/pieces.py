"""Word pieces of a site's own language, from the sentences of its training patients."""

from __future__ import annotations

from collections import defaultdict
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_PATIENTS = 3
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_ALWAYS = (*ascii_lowercase, *digits, ".", ",", "-", "/")


def build_pieces(sentences: Iterable[tuple[str, str]], size: int) -> dict[str, int]:
    """Pieces and their ids: [PAD] is 0, letters and digits can always be spelled.

    A word shapes the pieces only where the reports of three patients have it: what is left of a
    name in one report cannot be read off the vocabulary of a bundle.

    Args:
        sentences: Patient and text.
        size: At most so many pieces.
    """
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    patients: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for patient, text in sentences:
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)):
            patients[word].add(patient)
            counts[word] += 1
    words = sorted(word for word in counts if len(patients[word]) >= FEWEST_PATIENTS)
    letters = sorted({*_ALWAYS, *"".join(words)})
    # The library numbers inner letters by the order of a hash table, and settles draws by number:
    # told beforehand, they are the same in every process.
    fixed = [*_SPECIAL, *(f"##{letter}" for letter in letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=fixed,
        initial_alphabet=letters,
        show_progress=False,
    )
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = splitter
    tokenizer.train_from_iterator((" ".join([word] * counts[word]) for word in words), trainer)
    found = tokenizer.get_vocab()
    return {piece: found[piece] for piece in sorted(found, key=found.__getitem__)}
