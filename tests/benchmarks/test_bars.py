import pytest
from bars import hold, hold_within, in_time


@pytest.fixture(autouse=True)
def _ordinary(monkeypatch):
    monkeypatch.delenv("AFLOC_BARS", raising=False)


def values(*given):
    return iter(given).__next__


def test_the_best_of_three_tries_counts(capsys):
    assert hold("speed", values(1.1, 1.0, 1.3), 2) == 1.3
    assert capsys.readouterr().out.count("(bar 2)") == 3
    assert hold_within("delay", values(4, 5, 2.9), 1) == 2.9


def test_one_good_try_is_enough():
    assert hold("speed", values(1.3), 2) == 1.3
    assert hold_within("delay", values(2.9), 1) == 2.9


def test_a_clear_loss_fails():
    with pytest.raises(AssertionError, match=r"speed: 1\.1 is too far from 2"):
        hold("speed", values(1.0, 1.1, 0.9), 2)
    with pytest.raises(AssertionError, match="delay"):
        hold_within("delay", values(4, 5, 3.1), 1)
    with pytest.raises(AssertionError, match="nothing"), in_time("nothing", 0):
        pass


def test_at_rest_the_stated_bar_is_held(monkeypatch):
    monkeypatch.setenv("AFLOC_BARS", "full")
    assert hold("speed", values(1.9, 2.0), 2) == 2.0
    with pytest.raises(AssertionError):
        hold("speed", values(1.9, 1.9, 1.9), 2)
    with pytest.raises(AssertionError):
        hold_within("delay", values(1.1, 1.1, 1.1), 1)
