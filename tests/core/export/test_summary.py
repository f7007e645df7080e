import exported
import pytest

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.core.export.summary import MOST_PICTURES, summaries


def two_findings(image):
    found = exported.statement(image, status="accepted", author="Ann", probability=0.625)
    absent = exported.statement(image, "Oedema", finding_id="oedema", regions=())
    return FilmResults(image, (absent, found))


def test_a_summary_says_who_what_and_by_whom_with_what_is_there_first(image):
    (one,) = summaries(Selection((two_findings(image),)))
    assert ("Born", "1970-02-03") in one.about
    assert ("Accession", "A-17") in one.about
    found, absent = one.rows
    assert (found.film, found.mark, found.finding) == (1, "1", "Pleural effusion")
    assert (found.similarity, found.threshold, found.probability) == ("0.81", "0.38", "62%")
    assert found.decision == "accepted by Ann"
    assert (absent.mark, absent.colour, absent.decision) == ("", None, "proposed")
    assert exported.MADE_BY.bundle_sha256 in one.models[0]
    # The outline is drawn in the colour of its row, left of the left edge of the square at 20.
    ((number, picture),) = one.pictures
    assert number == 1
    zoom = picture.width / image.columns
    assert picture.getpixel((round(20 * zoom), round(35 * zoom))) == found.colour


def test_more_films_than_can_be_seen_are_counted(image):
    films = (two_findings(image),) * (MOST_PICTURES + 2)
    (one,) = summaries(Selection(films))
    assert (len(one.pictures), one.films) == (MOST_PICTURES, MOST_PICTURES + 2)
    assert len(one.models) == 1


def test_a_de_identified_summary_names_nobody(image):
    (one,) = summaries(Selection((two_findings(image),), Pseudonyms()))
    words = str((one.about, one.rows, one.models))
    for name in ("Phantom", "Ann", "1970", "A-17"):
        assert name not in words
    assert one.about[0][1].startswith("ANON-")


def test_findings_of_another_film_are_refused(image, tmp_path):
    other = exported.film(tmp_path / "other", SOPInstanceUID="1.2.3.99")
    with pytest.raises(ExportError, match="another film"):
        summaries(Selection((FilmResults(image, (exported.statement(other),)),)))
