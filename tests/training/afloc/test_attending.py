import pytest
import torch
from afloc_training.afloc.attending import Attention, agreement


def made(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("is_measured", [False, True])
def test_its_gradient_is_that_of_small_differences(is_kept, is_measured):
    films, asking, root = made(2, 3, 4, seed=0), made(5, 3, seed=1), made(3, 3, seed=2)
    how = Attention((2, 3), 4.0, is_kept)

    def found(films, asking, root):
        return agreement(films, asking, root.T @ root if is_measured else None, how)

    inputs = (films, asking, root if is_measured else root.detach())
    assert torch.autograd.gradcheck(found, inputs)


def test_a_unit_without_rivals_gathers_what_most_resembles_it():
    """Alone in its text it sees every place alike, whatever the products."""
    films = torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 2.0]]])
    found = agreement(films, torch.tensor([[3.0, 0.0]]), None, Attention((1,), 4.0, True))
    # The mean place is (1, 1): 3 over the root of 2.
    assert float(found) == pytest.approx(3 / 2**0.5)
