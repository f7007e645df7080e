import pytest

from afloc_desktop.cli import main


@pytest.mark.parametrize(
    "verb",
    ["open", "demo", "scan", "render", "localize", "findings", "bundles", "self-test", "evaluate"],
)
def test_every_verb_helps_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    assert "example: afloc" in capsys.readouterr().out


def test_an_unknown_option_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as left:
        main(["scan", "--nonsense"])
    assert left.value.code == 2
