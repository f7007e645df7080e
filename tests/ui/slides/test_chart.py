import numpy as np
import pytest

from afloc_desktop.core.slides.answers import Evidence
from afloc_desktop.ui.slides.chart import Distribution


@pytest.fixture
def chart(qtbot):
    made = Distribution()
    qtbot.addWidget(made)
    made.resize(140, made.sizeHint().height())
    return made


def evidence(*counts):
    edges = np.linspace(0, 1, len(counts) + 1, dtype=np.float32)
    return Evidence(sum(counts), edges, np.array(counts), ())


def test_bars_are_as_high_as_there_are_windows_and_the_rarest_is_seen(chart):
    chart.show_evidence(evidence(1000, 500, 0, 1), 0.5)
    heights = [box.height() for box, _ in chart.bars()]
    assert heights == [56, 28, 0, 2]
    assert [box.left() for box, _ in chart.bars()] == [6, 38, 70, 102]


def test_bars_from_the_threshold_on_stand_out(chart):
    chart.show_evidence(evidence(1, 1, 1, 1), 0.5)
    assert [is_above for _, is_above in chart.bars()] == [False, False, True, True]


@pytest.mark.parametrize("found", [None, evidence(0, 0), evidence(3, 4)])
def test_anything_can_be_painted(chart, found):
    chart.show_evidence(found, 0.4)
    assert not chart.grab().isNull()
    assert len(chart.bars()) == (2 if found is not None and found.looked else 0)
