import numpy as np
import torch
from afloc_training.fundus.matching import export_eyes
from afloc_training.fundus.network import GRID, EyeEncoder, EyeMatcher, eye_features


def outputs(count):
    generator = torch.Generator().manual_seed(0)
    shapes = ((24, 128, 128), (32, 64, 64), (96, 32, 32), (320, 16, 16))
    return [torch.rand(count, *shape, generator=generator) for shape in shapes]


def test_every_place_has_a_vector_of_unit_length_alone_and_in_a_batch():
    matcher = EyeMatcher(16, 8).eval()
    matcher.image.fit_scales(eye_features(outputs(3)))
    together = matcher.image.answer(eye_features(outputs(3)))
    assert together.local.shape == (3, 8, GRID, GRID)
    assert torch.allclose(together.local.norm(dim=1), torch.ones(3, GRID, GRID), atol=1e-5)
    assert torch.allclose(together.overall.norm(dim=1), torch.ones(3), atol=1e-5)
    alone = matcher.image.answer(eye_features([o[:1] for o in outputs(3)]))
    assert torch.allclose(together.local[:1], alone.local, atol=1e-5)


def test_a_small_spot_changes_the_vectors_at_its_place_most():
    torch.manual_seed(1)
    encoder = EyeEncoder(EyeMatcher(16, 8)).eval()
    image = torch.full((1, 3, 512, 512), 0.4)
    spot = image.clone()
    spot[:, :, 204:206, 300:302] = 0.9  # cell (51, 75)
    with torch.inference_mode():
        change = (encoder(spot).local - encoder(image).local).norm(dim=1)[0].numpy()
    row, column = np.unravel_index(int(change.argmax()), change.shape)
    assert abs(row - 51) <= 2
    assert abs(column - 75) <= 2


def test_the_graph_answers_as_the_network(tmp_path):
    assert export_eyes(EyeMatcher(16, 8), tmp_path / "image.onnx") < 1e-4
