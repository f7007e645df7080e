import afloc_reference as reference
import pytest
import torch
from afloc_training.afloc.config import PRESETS, AflocConfig, TextConfig, VisionConfig
from afloc_training.afloc.network import Afloc, TextEncoder

TINY = AflocConfig(
    VisionConfig("basic", (1, 1, 1, 1), 4, 1, 64), TextConfig(16, 5, 4, 32, 60, 97, 97, 4)
)
PIECES = ["[CLS]", "left", "pneu", "##mo", "##thorax", "small", "[SEP]"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_answers_on_grids_of_a_sixteenth_and_an_eighth(preset):
    with torch.device("meta"):
        network = Afloc(PRESETS[preset])
        vision = PRESETS[preset].vision
        films = network.img_encoder(torch.empty(2, vision.channels, 224, 224))
    deep = -(-vision.net_side // 16)
    assert films.local.shape == (2, PRESETS[preset].dimensions, deep, deep)
    assert films.local2.shape[2:] == (2 * deep, 2 * deep)
    assert films.overall.shape == (2, PRESETS[preset].dimensions)


def test_the_paper_network_has_the_names_and_shapes_of_the_official_state_dict(shared):
    with torch.device("meta"):
        ours = Afloc(PRESETS["paper"]).state_dict()
    lines = (shared / "guides/afloc_state_dict_keys.txt").read_text(encoding="utf-8").splitlines()
    theirs = dict(line.split("\t")[:2] for line in lines)
    assert {f"afloc.{name}": str(tuple(t.shape)) for name, t in ours.items()} == theirs
    assert len(theirs) == 521


def test_a_reports_vector_is_the_mean_of_its_words_over_ninety_seven_rows():
    torch.manual_seed(0)
    encoder = TextEncoder(TINY).eval()
    state = {f"text_encoder.{k}": v for k, v in encoder.state_dict().items()}
    ids = torch.tensor([2, 10, 11, 12, 13, 14, 3])
    padded = torch.cat((ids, torch.zeros(4, dtype=torch.int64)))[None]
    with torch.inference_mode():
        found = encoder(padded, (padded > 0).long())[0]
        wanted = reference.text_vector(state, ids, PIECES, heads=4)
    assert torch.allclose(found, wanted, atol=1e-6)


def test_padding_has_zero_vectors():
    encoder = TextEncoder(TINY).eval()
    ids = torch.tensor([[2, 10, 3, 0, 0]])
    with torch.inference_mode():
        tokens = encoder.tokens(ids, (ids > 0).long())
    assert tokens[0, :3].abs().amin() > 0
    assert not tokens[0, 3:].any()
