import pytest

from afloc_desktop.ui.labels import day, one_line, person


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("Doe^Jane", "Doe, Jane"),
        ("Doe^Jane^Mary^Dr.^MD", "Doe, Jane Mary"),
        ("Anonymized", "Anonymized"),
        ("^Jane", "Jane"),
        ("Wang^XiaoDong=王^小東", "Wang, XiaoDong"),
        ("", "Unnamed patient"),
        ("^^", "Unnamed patient"),
        ("Doe\r\n^Jane\u202egnol", "Doe, Janegnol"),
    ],
)
def test_names_are_written_as_people_write_them(stored, written):
    assert person(stored) == written


def test_text_of_a_file_stands_on_one_line_without_invisible_signs():
    assert one_line(" Chest\n\tPA \x00\u200bview ") == "Chest PA view"


@pytest.mark.parametrize(
    ("stored", "written"),
    [("20240229", "2024-02-29"), ("", ""), ("2024.02.29", "2024.02.29"), ("202402", "202402")],
)
def test_dates_have_dashes(stored, written):
    assert day(stored) == written
