from __future__ import annotations

import pytest
from afloc_training.site.strict_json import strict_object


def test_an_object_is_read():
    assert strict_object('{"a": [1, "b"]}') == {"a": [1, "b"]}


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": NaN}', "[1]", "{", "[" * 100_000])
def test_doubtful_json_is_refused(text):
    with pytest.raises(ValueError):
        strict_object(text)
