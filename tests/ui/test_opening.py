from afloc_desktop.ui import opening
from afloc_desktop.ui.opening import show_opening
from afloc_desktop.ui.qt import QTimer


def test_the_sheet_is_painted_before_anything_else_happens_and_goes_when_told(qtbot):
    sheet = show_opening()
    assert sheet.isVisible()
    picture = sheet.grab().toImage()
    colours = {picture.pixel(x, picture.height() // 2) for x in range(picture.width())}
    assert len(colours) > 3  # a name is on it
    with qtbot.waitSignal(sheet.destroyed):
        sheet.close()


def test_nothing_waits_once_the_sheet_is_painted(qtbot, monkeypatch):
    """Here it is painted while it is being shown, before anything can wait for it."""
    late = []

    class Watched(QTimer):
        def start(self, latest_ms):
            self.timeout.connect(lambda: late.append(latest_ms))
            super().start(latest_ms)

    monkeypatch.setattr(opening, "QTimer", Watched)
    monkeypatch.setattr(opening, "_LATEST_MS", 10_000)
    show_opening().close()
    assert late == []
