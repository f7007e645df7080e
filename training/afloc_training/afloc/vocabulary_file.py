"""The word pieces of a site's `vocab.txt`, checked and kept as a bundle's `tokenizer.json`."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Of BioBERT's cased vocabulary, which Bio_ClinicalBERT and with it AFLoc took over.
PUBLISHED_CRC32 = 0xA01FDD62
_MAX_BYTES = 16 << 20
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_REMEDY = "Give the vocab.txt of the text encoder the checkpoint was trained with."


def read_vocabulary(path: Path, size: int) -> tuple[dict[str, int], bool]:
    """Word pieces and their ids, and whether the file is the published one.

    Args:
        path: One piece a line, UTF-8.
        size: Pieces the network has vectors for.

    Raises:
        CheckpointError: Unreadable, of another size, or no word-piece vocabulary.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _refused("is larger than 16 MB")
        data = path.read_bytes()
        lines = data.decode("utf-8").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except OSError as error:
        raise _refused(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _refused("is no UTF-8 text") from error
    pieces = {piece: number for number, piece in enumerate(lines)}
    if len(lines) != size:
        raise _refused(f"has {len(lines)} lines, and the checkpoint {size} word vectors")
    if len(pieces) != len(lines):
        raise _refused("holds a piece twice")
    if pieces.get("[PAD]") != 0 or not all(special in pieces for special in _SPECIAL):
        raise _refused("lacks [UNK], [CLS] or [SEP], or does not begin with [PAD]")
    return pieces, zlib.crc32(data) == PUBLISHED_CRC32


def write_tokenizer(path: Path, pieces: Mapping[str, int]) -> None:
    """`tokenizer.json` as the desktop reads it."""
    document = {"model": {"type": "WordPiece", "vocab": dict(pieces)}}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def _refused(what: str) -> CheckpointError:
    return CheckpointError(f"The vocabulary {what}.", remedy=_REMEDY)
