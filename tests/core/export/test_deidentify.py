from dataclasses import replace

import exported
import pytest
from pydicom.dataset import Dataset

from afloc_desktop.core.export.deidentify import hidden, hide_source
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.selection import FilmResults, Selection, check_belongs
from afloc_desktop.core.export.source import read_source


def test_words_of_a_person_go_and_words_of_the_model_stay(image):
    stated = (
        exported.statement(image),
        exported.statement(image, "Smith's lung", finding_id="text", origin="typed"),
        exported.statement(image, "Smith: nodule", finding_id="lung_opacity", origin="report"),
    )
    selection = Selection((FilmResults(image, stated),), Pseudonyms())
    (film,) = hidden(selection).films
    assert [s.label for s in film.statements] == [
        "Pleural effusion",
        "Finding asked in words",
        "Lung opacity",
    ]
    for statement in film.statements:
        words = (statement.finding.prompt.words, statement.heatmap.prompt.words)
        assert "Smith" not in str((words, statement.heatmap.key))
    check_belongs(film)


def test_a_reader_is_one_pseudonym_and_a_machine_none(image):
    stated = [exported.statement(image, author=a, status="accepted") for a in ("A", "A", "B", "")]
    (film,) = hidden(Selection((FilmResults(image, tuple(stated)),), Pseudonyms())).films
    first, again, other, machine = (s.finding.author for s in film.statements)
    assert first == again != other
    assert first.startswith("ANON-")
    assert machine == ""


def test_without_pseudonyms_nothing_is_changed(image):
    selection = Selection((FilmResults(image, (exported.statement(image),)),))
    assert hidden(selection) is selection


def test_a_path_says_nothing_any_more(image):
    inside = replace(image, ref=replace(image.ref, member="Smith/1.dcm"))
    (film,) = hidden(Selection((FilmResults(inside, ()),), Pseudonyms())).films
    assert (str(film.image.ref.path), film.image.ref.member) == ("film-1", "")
    assert film.image.pixel_sha256 != image.pixel_sha256


def test_how_a_film_lies_and_how_grey_it_is_stay(tmp_path):
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [2, 0, 16])
    table.LUTExplanation = "Smith's table"
    table.add_new("LUTData", "US", [5, 9])
    image = exported.film(
        tmp_path / "s",
        **{**exported.SLICE, "PatientOrientation": ["L", "FH"], "ModalityLUTSequence": [table]},
    )
    source = hide_source(read_source(image), Pseudonyms())
    assert source.tags.numbers("PixelSpacing") == (0.7, 0.7)
    assert source.tags.text("PatientOrientation") == "L\\FH"
    assert source.tags.text("BodyPartExamined") == "CHEST"
    assert source.tags.text("FrameOfReferenceUID").startswith("2.25.")
    (kept,) = source.tags.items("ModalityLUTSequence")
    assert kept.numbers("LUTData") == (5, 9)
    assert "LUTExplanation" not in kept


@pytest.mark.parametrize("orientation", [["SMITH", "F"], ["L"], []])
def test_letters_that_are_no_directions_go(tmp_path, orientation):
    image = exported.film(tmp_path / "s", PatientOrientation=orientation)
    source = hide_source(read_source(image), Pseudonyms())
    assert source.tags.text("PatientOrientation") == ""


def test_pseudonyms_are_the_same_within_an_export_and_never_again():
    one, other = Pseudonyms(), Pseudonyms()
    assert one.uid("1.2.3") == one.uid("1.2.3") != one.uid("1.2.4")
    assert one.uid("1.2.3") != other.uid("1.2.3")
    assert one.uid("") == ""
    assert len(one.digest("x")) == 64
    assert "_key" not in repr(one)
