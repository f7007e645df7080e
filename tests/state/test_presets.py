import pytest

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.state.presets import DEFAULT, Preset, cleaned, parse, written

OWN = (Preset("Lung soft", -500, 1200), Preset("Pleura", 0.5, 350))


def test_presets_survive_being_written():
    assert parse(written(OWN)) == OWN
    assert (written(DEFAULT), parse("")) == ("", DEFAULT)


@pytest.mark.parametrize(
    "text",
    ["Lung", "Lung,1", "Lung,a,5", "Lung,0,0", "Lung,0,inf", "Lung,nan,5", ",0,5", " a,0,5",
     ";".join(["a,0,5"] * 10)],
)  # fmt: skip
def test_what_no_version_writes_is_refused(text):
    with pytest.raises(SettingsError):
        parse(text)


def test_a_name_is_cleaned_of_what_separates_names():
    assert cleaned("  Lung,  soft;\n") == "Lung soft"
