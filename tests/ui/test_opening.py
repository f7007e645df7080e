from afloc_desktop.ui.opening import show_opening


def test_the_sheet_is_painted_before_anything_else_happens_and_goes_when_told(qtbot):
    sheet = show_opening()
    assert sheet.isVisible()
    picture = sheet.grab().toImage()
    colours = {picture.pixel(x, picture.height() // 2) for x in range(picture.width())}
    assert len(colours) > 3  # a name is on it
    with qtbot.waitSignal(sheet.destroyed):
        sheet.close()
