import io

import exported
import pydicom
import pytest

from afloc_desktop.core.export.gsps import GREY
from afloc_desktop.core.export.objects import (
    long,
    new_object,
    person,
    to_bytes,
)
from afloc_desktop.core.export.results import image_entry
from afloc_desktop.core.export.sr import report


def test_text_fits_its_element():
    assert long("a\0b\nc") == "a b\nc"
    assert person("Reader=Ann^Bo\\Co") == "Reader Ann^Bo/Co"


def test_control_characters_of_a_typed_prompt_do_no_harm(image, tmp_path):
    words = "a\\b\x00\x1b[31m\u202e<b>x</b>"
    page = exported.page_of(image, exported.statement(image, words, finding_id="text"))
    dataset = pydicom.dcmread(io.BytesIO(report(page)))
    text = str(dataset)
    assert "\x1b" not in text
    assert "\u202e" not in text.replace("\\u202e", "")


def test_the_characters_of_the_film_are_kept_until_they_do_not_suffice(tmp_path):
    image = exported.film(
        tmp_path / "s", SpecificCharacterSet="ISO_IR 192", PatientName="日本^太郎"
    )
    page = exported.page_of(image, exported.statement(image))
    dataset = pydicom.dcmread(io.BytesIO(report(page)))
    assert (dataset.SpecificCharacterSet, dataset.PatientName) == ("ISO_IR 192", "日本^太郎")
    # A film without a character set has ASCII and nothing else.
    plain = exported.film(tmp_path / "t")
    for label, expected in (("Effusion", None), ("Épanchement", "ISO_IR 192")):
        page = exported.page_of(plain, exported.statement(plain, label))
        assert pydicom.dcmread(io.BytesIO(report(page))).get("SpecificCharacterSet") == expected


def test_one_object_does_not_change_the_next(tmp_path):
    image = exported.film(
        tmp_path / "s", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Zoë"
    )
    odd = exported.page_of(image, exported.statement(image, "日本"))
    plain = exported.Page(
        exported.FilmResults(image, (exported.statement(image),)), odd.source, odd.series, 2
    )
    report(odd)
    dataset = pydicom.dcmread(io.BytesIO(report(plain)))
    assert (dataset.SpecificCharacterSet, dataset.PatientName) == ("ISO_IR 100", "Müller^Zoë")


def test_a_file_has_its_meta_header(page):
    from pydicom.dataset import Dataset

    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
    meta = pydicom.dcmread(io.BytesIO(to_bytes(dataset))).file_meta
    assert meta.MediaStorageSOPInstanceUID == "2.25.1"
    assert meta.ImplementationVersionName == "AFLOC_DESKTOP"


@pytest.mark.parametrize("stated", ["idna", "rot13", "ISO_IR 6"])
def test_a_character_set_that_cannot_be_stops_no_object(tmp_path, stated):
    own = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "--" + "é" * 30}
    image = exported.film(tmp_path / "s", **own)
    data = image.ref.path.read_bytes()
    image.ref.path.write_bytes(data.replace(b"ISO_IR 192", stated.ljust(10).encode()))
    page = exported.page_of(image, exported.statement(image))
    dataset = pydicom.dcmread(io.BytesIO(report(page)))
    assert dataset.StudyInstanceUID == "1.2.3.1"


@pytest.mark.parametrize(
    ("part", "stated", "side"),
    [("CHEST", "L", None), ("EXTREMITY", "R", "R"), ("HAND", "", ""), ("HAND", "X", "")],
)
def test_a_side_is_given_where_the_part_can_have_one(tmp_path, part, stated, side):
    image = exported.film(tmp_path / "s", BodyPartExamined=part, Laterality=stated)
    dataset = new_object(exported.page_of(image, exported.statement(image)), GREY)
    assert dataset.get("Laterality") == side


def test_results_of_a_photograph_say_which_eye_it_was(tmp_path):
    image = exported.film(
        tmp_path / "s", Modality="OP", BodyPartExamined="EYE", ImageLaterality="L", Laterality=""
    )
    page = exported.page_of(image, exported.statement(image))
    assert new_object(page, GREY).Laterality == "L"
    assert image_entry(image, exported.MADE_BY, [])["laterality"] == "L"


@pytest.mark.parametrize("charset", ["ISO_IR 99", "ROT13"])
def test_an_unknown_character_set_is_not_handed_on(tmp_path, charset):
    image = exported.film(tmp_path / "s")
    page = exported.page_of(image, exported.statement(image))
    page.source.kept.SpecificCharacterSet = charset
    dataset = pydicom.dcmread(io.BytesIO(to_bytes(new_object(page, GREY))))
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
