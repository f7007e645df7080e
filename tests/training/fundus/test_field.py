import numpy as np
import pytest
import torch
from afloc_training.facts import Claim
from afloc_training.fundus.eyes import Eye
from afloc_training.fundus.field import FIELD, Replayed
from afloc_training.fundus.network import GRID, EyeEncoder
from afloc_training.fundus.vocabulary import IDS
from afloc_training.site.store import StoredCase, StoredSentence
from afloc_training.tuning.base import new_matcher, open_base
from afloc_training.tuning.said import truth

from afloc_desktop.core.model.bundle import load_arrays
from afloc_desktop.state.models import shipped


def said(*texts: str, is_normal: bool = False):
    sentences = tuple(StoredSentence(text, "findings") for text in texts)
    case = StoredCase(0, (0, 0, 4, 4), "", "p", "s", "train", "right", "", "", "",
                      is_normal, sentences)  # fmt: skip
    (found,) = FIELD.all_said([case])
    return {name: truth(Claim(name), found) for name in IDS}


@pytest.mark.parametrize(
    ("text", "is_normal", "known"),
    [
        ("Mild non-proliferative diabetic retinopathy.", False, {"microaneurysms": True}),
        ("Severe NPDR; no apparent hard exudates.", True,
         {"diabetic_retinopathy": True, "hard_exudates": False}),
        ("Flame haemorrhage and soft exudates in the left eye.", False,
         {"retinal_hemorrhage": True, "cotton_wool_spots": True}),
        ("Risk of macular oedema.", False, {}),
        ("No diabetic retinopathy.", True,
         {name: False for name in IDS if name != "optic_disc"}),
    ],
)  # fmt: skip
def test_what_a_report_says_of_an_eye(text, is_normal, known):
    assert said(text, is_normal=is_normal) == dict.fromkeys(IDS) | known | {"optic_disc": True}


def test_a_painted_eye_is_known_where_it_was_painted():
    masks = np.zeros((len(IDS), GRID, GRID), np.float16)
    masks[IDS.index("hard_exudates"), 3, 4] = 0.5
    eye = Eye(np.zeros((3, 8, 8), np.float32), np.array([0, 0, 1, 0, 1, 1], np.int8), masks)
    replayed = Replayed(eye)
    claims = (Claim("hard_exudates"), Claim("microaneurysms"))
    assert replayed.truth(claims).tolist() == [1, 0]
    assert np.argwhere(replayed.target(claims[0])).tolist() == [[3, 4]]
    plain = Replayed(Eye(eye.plane, eye.truth, None))
    assert not plain.is_painted
    assert plain.target(claims[0]) is None


def test_training_goes_on_with_what_the_shipped_graph_computes():
    base = open_base(shipped("bundles") / "afloc-fundus-base")
    tensor = load_arrays(base.bundle, "selftest.npz")
    with torch.inference_mode():
        film = torch.from_numpy(tensor["tensor"].astype(np.float32))
        local = EyeEncoder(new_matcher(base.weights))(film).local[0].numpy()
    maps = np.einsum("kd,dij->kij", tensor["vectors"], local)
    np.testing.assert_allclose(maps, tensor["maps"], atol=1e-4)
