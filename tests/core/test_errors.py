import pickle

import pytest

from afloc_desktop.core import errors

ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.AflocError)
]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_says_what_happened_and_what_to_do(kind):
    error = kind("The file is empty.", remedy="Copy it again.")
    assert (error.reason, error.remedy) == ("The file is empty.", "Copy it again.")
    assert str(error) == "The file is empty. Copy it again."


@pytest.mark.parametrize("kind", ALL)
def test_every_error_survives_the_way_home_from_a_worker_process(kind):
    back = pickle.loads(pickle.dumps(kind("a.", remedy="b.")))
    assert (type(back), back.reason, back.remedy) == (kind, "a.", "b.")


def test_being_cancelled_is_no_error():
    assert not issubclass(errors.Cancelled, errors.AflocError)
