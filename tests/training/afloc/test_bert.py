import afloc_reference as reference
import torch
from afloc_training.afloc.bert import Bert, Packing
from afloc_training.afloc.config import TextConfig

CONFIG = TextConfig(32, 3, 4, 64, 50, 16, 12, 2)


def test_hidden_states_equal_a_second_writing():
    torch.manual_seed(0)
    bert = Bert(CONFIG).eval()
    state = {f"text_encoder.model.{k}": v for k, v in bert.state_dict().items()}
    ids = torch.tensor([2, 7, 30, 4, 3])
    with torch.inference_mode():
        found = bert(ids[None], torch.ones(1, 5, dtype=torch.int64))
        wanted = reference.hidden_states(state, ids, CONFIG.heads)
    assert len(found) == len(wanted) == 4
    for ours, theirs in zip(found, wanted, strict=True):
        assert torch.allclose(ours[0], theirs, atol=1e-5)


def test_hidden_states_equal_those_of_the_common_library():
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    bert = Bert(CONFIG).eval()
    settings = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=16,
    )  # fmt: skip
    theirs = BertModel(settings).eval()
    theirs.load_state_dict(bert.state_dict(), strict=True)
    ids = torch.tensor([[2, 7, 30, 4, 3], [2, 9, 3, 0, 0]])
    mask = (ids > 0).long()
    with torch.inference_mode():
        found = bert(ids, mask)
        wanted = theirs(ids, mask, output_hidden_states=True).hidden_states
    for ours, other in zip(found, wanted, strict=True):
        assert torch.allclose(ours[mask > 0], other[mask > 0], atol=1e-5)


def test_padding_does_not_change_what_comes_before_it():
    torch.manual_seed(0)
    bert = Bert(CONFIG).eval()
    short = torch.tensor([[2, 7, 3]])
    long = torch.tensor([[2, 7, 3, 0, 0, 0]])
    with torch.inference_mode():
        alone = bert(short, torch.ones_like(short))[-1]
        padded = bert(long, (long > 0).long())[-1]
    assert torch.allclose(alone, padded[:, :3], atol=1e-6)


def test_without_its_padding_a_text_has_the_same_states():
    torch.manual_seed(0)
    bert = Bert(CONFIG).eval()
    ids = torch.tensor([[2, 7, 30, 4, 3], [2, 9, 3, 0, 0]])
    mask = (ids > 0).long()
    packing = Packing(torch.tensor([0, 1, 2, 3, 4, 5, 6, 7]), 2, 5)
    with torch.inference_mode():
        wanted, found = bert(ids, mask), bert(ids, mask, packing)
    for padded, packed in zip(wanted, found, strict=True):
        assert torch.allclose(packing.spread(packed), padded * mask[:, :, None], atol=1e-6)
