"""AFLoc's published inference for one pair of film and words, as its authors' code goes about it.

Written from the description of its steps, to be timed against: for every pair the film is read and
fitted again, the text is padded to 97 tokens, both encoders run whole and eagerly in torch, word
pieces are gathered in a loop, and the map is smoothed and enlarged by library calls. Read and run
as a program it is one cold start: argument 1 is a folder with `site.ckpt`, 2 a film, 3 the words.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from afloc_reference import ROWS, clean, heat, normalised, word_pieces
from afloc_sites import PAPER, vocabulary
from afloc_training.afloc.network import ImageEncoder
from PIL import Image


def bert() -> transformers.BertModel:
    """BERT-base with the published vocabulary's size, weights at random."""
    text = PAPER.text
    config = transformers.BertConfig(vocab_size=text.vocabulary, output_hidden_states=True)
    return transformers.BertModel(config, add_pooling_layer=False).eval()


class OfficialPipeline:
    """Both encoders; `locate` is asked once for every pair."""

    def __init__(self, films: ImageEncoder, texts: transformers.BertModel) -> None:
        self.films, self.texts = films.eval(), texts.eval()
        self._index = {p: n for n, p in enumerate(vocabulary(PAPER.text.vocabulary))}

    def locate(self, film: Path, words: str) -> np.ndarray:
        """The map, (224, 224)."""
        with torch.inference_mode():
            deep, _shallow, _overall = self.films(self._film(film))
            return heat(deep[0], self._text(words))

    def _film(self, path: Path) -> torch.Tensor:
        with Image.open(path) as opened:
            scale = 224 / max(opened.size)
            size = tuple(int(length * scale) for length in opened.size)
            small = opened.convert("L").resize(size, Image.Resampling.BOX)
        canvas = Image.new("L", (224, 224))
        canvas.paste(small, ((224 - size[0]) // 2, (224 - size[1]) // 2))
        return normalised(np.asarray(canvas))

    def _text(self, words: str) -> torch.Tensor:
        pieces = word_pieces(clean(words), self._index)
        ids = torch.zeros(1, ROWS, dtype=torch.int64)
        ids[0, : len(pieces)] = torch.tensor([self._index[p] for p in pieces])
        states = self.texts(input_ids=ids, attention_mask=(ids > 0).long()).hidden_states[-4:]
        layers = torch.stack(states)[:, 0]
        rows: list[torch.Tensor] = []
        for place, piece in enumerate(pieces):
            if piece.startswith("##"):
                rows[-1] = rows[-1] + layers[:, place]
            else:
                rows.append(layers[:, place])
        rows += [torch.zeros_like(rows[0])] * (ROWS - len(rows))
        return torch.stack(rows).mean(0).sum(0)


def save(folder: Path, films: ImageEncoder, texts: transformers.BertModel) -> None:
    """Write a checkpoint for a cold start."""
    torch.save({"films": films.state_dict(), "texts": texts.state_dict()}, folder / "site.ckpt")


def _cold(folder: Path, film: Path, words: str) -> None:
    films, texts = ImageEncoder(PAPER), bert()
    state = torch.load(folder / "site.ckpt", weights_only=True)
    films.load_state_dict(state["films"])
    texts.load_state_dict(state["texts"])
    assert OfficialPipeline(films, texts).locate(film, words).shape == (224, 224)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(time.time(), peak_kb)


if __name__ == "__main__":
    _cold(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
