from afloc_desktop.ui.curves import Curves


def test_a_line_is_drawn_and_forgotten_again(qtbot):
    curves = Curves("Losses")
    qtbot.addWidget(curves)
    curves.resize(300, 160)

    def inked():
        image = curves.grab().toImage()
        ink = {image.pixelColor(x, y).name() for x in range(300) for y in range(20, 120, 3)}
        return "#5aa9e6" in ink

    assert not inked()
    for step in range(1, 5):
        curves.add(step, 4, {"total": 5.0 - step})
    assert inked()
    curves.clear()
    assert not inked()
