from __future__ import annotations

import io

import pytest
from afloc_training.progress import Reporter
from afloc_training.site.checking import Look
from afloc_training.site.survey import SiteOptions, examine, read_film, read_site
from afloc_training.site.values import Film

from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import DatasetError, UnreadableFile
from afloc_desktop.core.model.bundle import load_bundle


@pytest.fixture
def read(site, tiny_bundle_master):
    def run(**options):
        site.write_table()
        return read_site(SiteOptions(site.root, **options), load_bundle(tiny_bundle_master))

    return run


def test_lateral_films_and_errors_are_not_usable(site, read):
    site.case("a.png", "Effusion.", "P1")
    site.row(site.picture("b.png"), "Spine.", "P2", "", "LAT")
    site.case("c.png", "", "P3")
    assert [case.film.name for case in read().usable()] == ["a.png"]


def test_the_list_of_the_site_joins_films_and_reports(site, read, tmp_path):
    site.picture("a.png")
    (site.root / "A-1.txt").write_text("Small effusion.", encoding="utf-8")
    site.case("b.png", "Effusion.", "P1")
    listed = tmp_path / "list.csv"
    listed.write_text("film,report\na.png,A-1\n", encoding="utf-8")
    assert len(read(mapping=listed).cases) == 2
    listed.write_text("image,report\na.png,A-1\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="list of images"):
        read(mapping=listed)


def test_word_lists_are_read_line_by_line(site, read, tmp_path):
    site.case("a.png", "Effusion.", "P1")
    words = tmp_path / "staff.txt"
    words.write_text("# staff\nZorpen\n\nBlue Villa\n", encoding="utf-8")
    lexicon = read(removed=words, kept=words).lexicon
    assert lexicon.removed == ("zorpen", "blue villa")
    assert "zorpen" in lexicon.kept


def test_a_film_that_is_recalled_is_not_decoded(site, read):
    site.case("a.png", "Effusion.", "P1")
    site.case("b.png", "A mass.", "P2")
    survey = read()
    known = {"a.png": Look("1", 300, 300, is_blank=False)}
    decoded: list[str] = []
    examine(
        survey,
        Reporter(is_json=True, stream=io.StringIO()),
        recall=lambda case: known.get(case.film.name),
        keep=lambda case, image, look: decoded.append(case.film.name),
    )
    assert decoded == ["b.png"]
    assert len(survey.usable()) == 2


def test_a_picture_that_cannot_be_read_is_not_named(tmp_path):
    path = tmp_path / "roe.png"
    path.write_bytes(b"no picture")
    film = Film(ImageRef(path, 1, "", 0, 0, None), "roe.png", is_picture=True)
    with pytest.raises(UnreadableFile) as caught:
        read_film(film)
    assert "roe" not in str(caught.value)
