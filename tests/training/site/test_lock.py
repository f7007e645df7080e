from __future__ import annotations

import pytest
from afloc_training.site.lock import sole_writer

from afloc_desktop.core.errors import DatasetError, ExportError


def test_a_second_writer_is_told_to_wait(tmp_path):
    with (
        sole_writer(tmp_path),
        pytest.raises(DatasetError, match="Another run"),
        sole_writer(tmp_path),
    ):
        pass


def test_the_store_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with sole_writer(tmp_path):
            pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(ExportError), sole_writer(tmp_path / "none"):
        pass
