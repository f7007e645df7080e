import pytest
from afloc_training.libraries import training_libraries

from afloc_desktop.core.errors import AflocError


def test_a_library_that_is_missing_is_named_with_its_remedy():
    with (
        pytest.raises(AflocError, match=r"torch is missing.*afloc-desktop\[train\]"),
        training_libraries(),
    ):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")


def test_other_failures_are_left_alone():
    with pytest.raises(ZeroDivisionError), training_libraries():
        _ = 1 / 0


def test_a_module_of_our_own_that_is_missing_is_a_defect():
    with pytest.raises(ModuleNotFoundError), training_libraries():
        raise ModuleNotFoundError("No module named 'afloc_x'", name="afloc_training.x")
