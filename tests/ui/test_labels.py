import pytest

from afloc_desktop.ui.labels import day, person


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
    ],
)
def test_names_are_written_as_people_write_them(stored, written):
    assert person(stored) == written


@pytest.mark.parametrize(
    ("stored", "written"),
    [("20240229", "2024-02-29"), ("", ""), ("2024.02.29", "2024.02.29"), ("202402", "202402")],
)
def test_dates_have_dashes(stored, written):
    assert day(stored) == written
