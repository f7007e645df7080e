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


@pytest.mark.parametrize("ink", [theme.TEXT, theme.QUIET, theme.WARNING, theme.ACCENT])
@pytest.mark.parametrize("paper", [theme.PANEL, theme.BACKGROUND, theme.RAISED])
def test_text_can_be_read(ink, paper):
    assert contrast(ink, paper) >= 4.5  # WCAG 2 AA


def test_the_window_is_dark(qapp):
    theme.dress(qapp)
    assert luminance(QApplication.palette().color(QPalette.ColorRole.Window).name()) < 0.02


def test_the_style_sheet_names_no_other_colours_of_text():
    assert not re.search(r"color: (white|black)", theme.STYLE)
