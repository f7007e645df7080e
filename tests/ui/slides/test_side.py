from doubles import Desk, FakeLocalizer
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.ui.qt import QPoint, Qt
from afloc_desktop.ui.slides.side import SlideSide


class SlideDesk(Desk):
    """Opens the slide that was listed."""

    def open_slide(self, refs):
        return open_slide(refs)


def desk_of(folder, modality):
    make_slide(folder, 600, 400, levels=2, syntax="explicit")
    localizer = FakeLocalizer()
    localizer.manifest.modality = modality
    return SlideDesk(found=scan([folder]), localizer=localizer)


def test_nothing_of_it_is_made_before_the_first_slide(station):
    window = station().window
    side = window.findChild(SlideSide)
    assert (side.panel, window.viewer.slide) == (None, None)
    assert side.isHidden()


def test_a_slide_takes_the_place_of_films_and_brings_its_panel(station, tmp_path, qtbot):
    one = station(desk_of(tmp_path, "histo"))
    one.settle()
    window, canvas = one.window, one.window.viewer.slide
    assert window.focusWidget() is canvas  # arrow keys move it at once
    assert window.viewer.wall.isHidden()
    assert not canvas.isHidden()
    assert not window.slide.panel.isHidden()
    assert window.verdict.isHidden()
    window.slide.panel.choose.click()
    canvas.one_to_one()
    left, right = QPoint(60, 160), QPoint(160, 220)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=left)
    qtbot.mouseMove(canvas, right)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=right)
    region = one.store.state.region
    assert (region.x1 - region.x0, region.y1 - region.y0) == (100, 60)
    assert not window.slide.panel.choose.isChecked()
    window.slide.panel.shown.emit(Box(10, 10, 50, 50))
    assert canvas.marked == Box(10, 10, 50, 50)


def test_a_model_of_films_offers_nothing_on_a_slide_and_says_why(station, tmp_path):
    one = station(desk_of(tmp_path, "cxr"))
    one.settle()
    assert one.window.slide.panel.isHidden()
    shown = one.window.findings
    assert shown.box.isHidden()
    assert "was not made for slides. Choose another one" in shown._gate.text()


def test_commands_of_films_rest_and_those_of_both_work(station, tmp_path):
    one = station(desk_of(tmp_path, "histo"))
    one.settle()
    window, canvas = one.window, one.window.viewer.slide
    enabled = {name for name, action in window._actions.items() if action.isEnabled()}
    assert {"fit", "one_to_one", "zoom_in", "zoom_out"} <= enabled
    assert not enabled & {"invert", "reset", "rotate_right", "tool_length", "play", "accept"}
    window._actions["one_to_one"].trigger()
    assert canvas.scene.view.zoom == 1
    window._actions["window_4"].trigger()  # the fourth objective: 10 times
    assert canvas.scene.magnification == 10
    assert window._actions["window_4"].text() == "10×"
    window._actions["fit"].trigger()
    window._actions["corner_text"].trigger()
    assert not canvas.has_text
    one.workspace.close_all()
    assert not window.viewer.wall.isHidden()
    assert canvas.isHidden()
    assert window.focusWidget() is window.viewer.canvas
