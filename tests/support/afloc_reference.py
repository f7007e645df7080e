"""AFLoc written down a second time, step by step and slowly, to compare the product with.

Nothing here is shared with the product: functions of a state dict, loops over texts, words and
heads, scipy's Gaussian, torch's interpolation.
"""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from afloc_desktop.core.eight_bit import resize_levels

ROWS = 97


def _norm(x, state, name):
    return functional.batch_norm(
        x,
        state[f"{name}.running_mean"],
        state[f"{name}.running_var"],
        state[f"{name}.weight"],
        state[f"{name}.bias"],
        eps=1e-5,
    )


def _block(x, state, name, stride):
    first_stride = 1 if f"{name}.conv3.weight" in state else stride
    y = functional.conv2d(
        x,
        state[f"{name}.conv1.weight"],
        stride=first_stride,
        padding=state[f"{name}.conv1.weight"].shape[-1] // 2,
    )
    y = torch.relu(_norm(y, state, f"{name}.bn1"))
    second_stride = stride if f"{name}.conv3.weight" in state else 1
    y = functional.conv2d(y, state[f"{name}.conv2.weight"], stride=second_stride, padding=1)
    y = _norm(y, state, f"{name}.bn2")
    if f"{name}.conv3.weight" in state:
        y = functional.conv2d(torch.relu(y), state[f"{name}.conv3.weight"])
        y = _norm(y, state, f"{name}.bn3")
    if f"{name}.downsample.0.weight" in state:
        x = functional.conv2d(x, state[f"{name}.downsample.0.weight"], stride=stride)
        x = _norm(x, state, f"{name}.downsample.1")
    return torch.relu(y + x)


def image_vectors(state, image, net_side):
    """Deep local (D, h, w), shallow local (D, 2h, 2w) and global (D,) of one (1, C, H, W)."""
    trunk = "img_encoder.model"
    x = functional.interpolate(image, (net_side, net_side), mode="bilinear", align_corners=True)
    x = functional.conv2d(x, state[f"{trunk}.conv1.weight"], stride=2, padding=3)
    x = functional.max_pool2d(torch.relu(_norm(x, state, f"{trunk}.bn1")), 3, 2, 1)
    taps = []
    for stage in (1, 2, 3, 4):
        number = 0
        while f"{trunk}.layer{stage}.{number}.conv1.weight" in state:
            stride = 2 if stage > 1 and number == 0 else 1
            x = _block(x, state, f"{trunk}.layer{stage}.{number}", stride)
            number += 1
        taps.append(x)
    deep = torch.einsum(
        "dc,chw->dhw", state["img_encoder.local_embedder.weight"][:, :, 0, 0], taps[2][0]
    )
    shallow = torch.einsum(
        "dc,chw->dhw", state["img_encoder.local2_embedder.weight"][:, :, 0, 0], taps[1][0]
    )
    pooled = taps[3][0].mean((1, 2))
    overall = state["img_encoder.global_embedder.weight"] @ pooled
    return deep, shallow, overall + state["img_encoder.global_embedder.bias"]


def _linear(x, state, name):
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def _layer_norm(x, state, name):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-12) * state[f"{name}.weight"] + state[
        f"{name}.bias"
    ]


def hidden_states(state, ids, heads):
    """All hidden states, each (T, width), of one text without padding."""
    bert = "text_encoder.model"
    x = state[f"{bert}.embeddings.word_embeddings.weight"][ids]
    x = x + state[f"{bert}.embeddings.position_embeddings.weight"][: len(ids)]
    x = x + state[f"{bert}.embeddings.token_type_embeddings.weight"][0]
    x = _layer_norm(x, state, f"{bert}.embeddings.LayerNorm")
    states, number = [x], 0
    while f"{bert}.encoder.layer.{number}.output.dense.weight" in state:
        name = f"{bert}.encoder.layer.{number}"
        q, k, v = (
            _linear(x, state, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        width = q.shape[1] // heads
        seen = []
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            weights = torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(width), dim=1)
            seen.append(weights @ v[:, part])
        attended = _linear(torch.cat(seen, 1), state, f"{name}.attention.output.dense")
        x = _layer_norm(attended + x, state, f"{name}.attention.output.LayerNorm")
        inner = _linear(x, state, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
        x = _layer_norm(
            _linear(inner, state, f"{name}.output.dense") + x, state, f"{name}.output.LayerNorm"
        )
        states.append(x)
        number += 1
    return states


def text_vector(state, ids, pieces, heads):
    """A report's vector, by way of words, 97 rows and four layers kept apart.

    Args:
        state: Parameters by name.
        ids: From [CLS] to [SEP].
        pieces: The word pieces these ids stand for.
        heads: Of every layer.
    """
    layers = hidden_states(state, ids, heads)[-4:]
    total = torch.zeros_like(layers[0][0])
    for layer in layers:
        rows = []
        for place, piece in enumerate(pieces):
            if piece.startswith("##"):
                rows[-1] = rows[-1] + layer[place]
            else:
                rows.append(layer[place])
        rows += [torch.zeros_like(total)] * (ROWS - len(rows))
        total = total + torch.stack(rows).mean(0)
    return total


def clean(text):
    """The official cleaning: numbered items and one-word sentences go, ASCII words stay."""
    kept = []
    for item in re.split("[0-9]+[.]", text.replace("\n", " ")):
        for sentence in item.split("."):
            words = re.findall(r"\w+", sentence.lower())
            if len(words) >= 2:
                kept += [w.encode("ascii", "ignore").decode() for w in words]
    return " ".join(word for word in kept if word)


def word_pieces(text, vocabulary):
    """Greedy pieces of lower-case ASCII words, [CLS] and [SEP] around, at most 97."""
    pieces = []
    for word in re.findall(r"[a-z0-9]+|[^\sa-z0-9]", unicodedata.normalize("NFD", text.lower())):
        start, own = 0, []
        while start < len(word):
            end = len(word)
            while end > start and ("##" if start else "") + word[start:end] not in vocabulary:
                end -= 1
            if end == start:
                own = ["[UNK]"]
                break
            own.append(("##" if start else "") + word[start:end])
            start = end
        pieces += own
    return ["[CLS]", *pieces[: ROWS - 2], "[SEP]"]


def heat(deep, vector, sigma_cells=1.5):
    """Products, Gaussian, bilinear to 224 × 224; float64."""
    grid = torch.einsum("dhw,d->hw", deep.double(), vector.double()).numpy()
    smooth = ndimage.gaussian_filter(grid, sigma_cells)
    return functional.interpolate(
        torch.from_numpy(smooth)[None, None], (224, 224), mode="bilinear", align_corners=False
    )[0, 0].numpy()


def letterbox(film):
    """8-bit film, long side 224 by area, short side truncated, zeros around; uint8 (224, 224).

    The area average is ours: it equals OpenCV's to the level, which two writings do not, because a
    sum in single precision now and then falls on the other side of a half level.
    """
    rows, columns = film.shape
    scale = 224 / max(rows, columns)
    height = 224 if rows >= columns else int(rows * scale)
    width = 224 if columns > rows else int(columns * scale)
    canvas = np.zeros((224, 224), np.uint8)
    top, left = (224 - height) // 2, (224 - width) // 2
    canvas[top : top + height, left : left + width] = resize_levels(film, height, width)
    return canvas, (top, left, height, width)


def normalised(planes):
    """uint8 (224, 224, 3) or (224, 224) to the input (1, 3, 224, 224) in [-1, 1]."""
    if planes.ndim == 2:
        planes = np.repeat(planes[:, :, None], 3, 2)
    values = torch.from_numpy(planes.astype(np.float32)).permute(2, 0, 1)[None] / 255
    return (values - 0.5) / 0.5


def slow_local_loss(patches, units, *, temp1=4.0, temp2=5.0, temp3=10.0):
    """The local loss by loops over films and texts.

    Args:
        patches: (B, D, h, w).
        units: One (n, D) a text.
        temp1, temp2, temp3: The paper's constants.
    """
    rows = []
    for film in patches:
        places = film.flatten(1)
        row = []
        for text in units:
            logits = text @ places
            weights = torch.softmax(torch.softmax(logits, 0) * temp1, 1)
            similarities = []
            for unit, weight in zip(text, weights, strict=True):
                context = places @ weight
                similarities.append(functional.cosine_similarity(unit, context, dim=0, eps=1e-8))
            row.append(torch.log(torch.exp(temp2 * torch.stack(similarities)).sum()) * temp3)
        rows.append(torch.stack(row))
    return both_ways(torch.stack(rows))


def text_by_text_local_loss(patches, units):
    """The local loss in the steps of the published loop: all films at once, text after text.

    Each text has its units repeated for every film, and the places of all films laid out for
    itself; all of it is kept for the gradient.
    """
    films, columns = patches.flatten(2), []
    for text in units:
        words = text.T.repeat(len(films), 1, 1)
        places = films.transpose(1, 2).contiguous()
        weights = torch.softmax(torch.bmm(places, words), 2).transpose(1, 2).contiguous()
        weights = torch.softmax(weights * 4, 2).transpose(1, 2).contiguous()
        contexts = torch.bmm(films, weights).transpose(1, 2).contiguous()
        words = words.transpose(1, 2).contiguous()
        cosines = functional.cosine_similarity(words, contexts, dim=2, eps=1e-8)
        columns.append(torch.log(torch.exp(5 * cosines).sum(1)) * 10)
    return both_ways(torch.stack(columns, 1))


def slow_global_loss(films, reports, *, temp3=10.0):
    rows = [
        torch.stack([functional.cosine_similarity(f, r, dim=0, eps=1e-8) for r in reports])
        for f in films
    ]
    return both_ways(torch.stack(rows) * temp3)


def both_ways(similarities):
    """Mean of -log softmax at the diagonal over rows, plus the same over columns."""
    total = 0.0
    for table in (similarities, similarities.T):
        for i, row in enumerate(table):
            total = total - (row[i] - torch.logsumexp(row, 0)) / len(table)
    return total
