import pytest

from afloc_desktop.core.strict_json import strict_object, strict_value


def test_plain_json_is_read():
    assert strict_value('[1, "b", null]') == [1, "b", None]
    assert strict_object('{"a": [1, "b"]}') == {"a": [1, "b"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "a key stands twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting"),
        ("[1]", "not an object"),
    ],
)
def test_doubtful_json_is_refused_with_a_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        strict_object(text)
