import re

import pytest

from afloc_desktop.ui import theme
from afloc_desktop.ui.qt import QApplication, QPalette


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", theme.LOOKS.values(), ids=theme.LOOKS)
@pytest.mark.parametrize("ink", ["text", "quiet", "warning", "accent"])
@pytest.mark.parametrize("paper", ["panel", "background", "raised"])
def test_text_can_be_read(look, ink, paper):
    assert contrast(getattr(look, ink), getattr(look, paper)) >= 4.5  # WCAG 2 AA


@pytest.mark.parametrize("look", theme.LOOKS.values(), ids=theme.LOOKS)
def test_what_stands_out_can_be_read_too(look):
    assert contrast(look.warning, look.warning_paper) >= 4.5
    assert contrast(look.text, look.note_paper) >= 4.5
    assert contrast(look.chosen, look.accent_dark) >= 4.5


def test_the_window_is_dark_unless_the_reader_wants_it_light(qapp):
    def window():
        return luminance(QApplication.palette().color(QPalette.ColorRole.Window).name())

    theme.dress(qapp, "light")
    assert (window() > 0.8, theme.TEXT) == (True, theme.LIGHT.text)
    theme.dress(qapp, "unknown")
    assert (window() < 0.02, theme.TEXT) == (True, theme.DARK.text)
    theme.dress(qapp)
    assert window() < 0.02


def test_only_colours_are_named():
    with pytest.raises(AttributeError):
        assert theme.NOTHING
    with pytest.raises(AttributeError):
        assert theme.text


def test_the_style_sheet_names_no_other_colours():
    named = set(re.findall(r"#[0-9a-f]{6}", theme.style(theme.LIGHT)))
    assert named <= {getattr(theme.LIGHT, name) for name in theme.LIGHT.__slots__}
    assert not re.search(r"color: (white|black)", theme.style(theme.DARK))
