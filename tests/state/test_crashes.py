from afloc_desktop.state.crashes import note_crash


def crash(words):
    try:
        raise ValueError(words)
    except ValueError as error:
        return type(error), error.__traceback__


def test_a_crash_says_where_and_not_what(tmp_path):
    note_crash(tmp_path / "log", *crash("Doe^Jane"))
    (file,) = (tmp_path / "log").iterdir()
    text = file.read_text()
    assert "ValueError" in text
    assert "test_crashes.py:" in text
    assert "Doe" not in text
    assert str(tmp_path) not in text


def test_only_the_latest_are_kept(tmp_path):
    for _ in range(23):
        note_crash(tmp_path, *crash("again"))
    assert len(list(tmp_path.iterdir())) == 20


def test_a_folder_that_cannot_be_written_is_no_other_crash(tmp_path):
    (tmp_path / "log").write_text("a file")
    note_crash(tmp_path / "log", ValueError, None)
    assert (tmp_path / "log").read_text() == "a file"
