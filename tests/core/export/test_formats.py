import exported
import pydicom

from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.formats import DICOM, FORMATS, OBJECTS, plan
from afloc_desktop.core.export.objects import SeriesBook
from afloc_desktop.core.export.selection import FilmResults, Selection


def test_every_exporter_of_ours_is_described(image):
    known = {kind.id: kind for kind in FORMATS}
    for exporter in exporters().values():
        kind = known[exporter.id]
        assert (exporter.label, exporter.media) == (kind.label, kind.media)


def test_what_is_planned_is_what_is_written(tmp_path, image):
    absent = exported.statement(image, "Oedema", finding_id="oedema", regions=())
    films = [(exported.statement(image),), (absent,), ()]
    selection = Selection(tuple(FilmResults(image, film) for film in films))
    for id_, exporter in exporters().items():
        kind = next(kind for kind in FORMATS if kind.id == id_)
        planned = plan(kind, [films])
        written = exporter.write(selection, tmp_path / id_)
        assert planned.count == len(written), id_
        assert all(path.match(planned.name) for path in written)
        series = {pydicom.dcmread(path).SeriesInstanceUID for path in written if "dcm" in path.name}
        assert planned.series == len(series)


def test_a_study_counts_where_any_of_its_films_has_something(image):
    one, none = (exported.statement(image),), ()
    pdf, csv = (next(k for k in FORMATS if k.id == id_) for id_ in ("pdf", "csv"))
    studies = [[one, one], [none], [one]]
    assert [plan(kind, studies).count for kind in (OBJECTS[0], pdf, csv)] == [3, 2, 1]
    assert plan(OBJECTS[0], studies).series == 2
    assert plan(csv, [[none]]).count == 0
    assert all(kind.media == DICOM for kind in OBJECTS)


def test_films_that_come_one_by_one_share_a_series_of_their_study_and_kind(tmp_path, image):
    book = SeriesBook("AFLoc: one by one")
    film = FilmResults(image, (exported.statement(image),))
    read = [
        pydicom.dcmread(path)
        for id_ in ("sr", "sr", "seg")
        for path in exporters()[id_].write(Selection((film,), series=book), tmp_path / "out")
    ]
    first, second, other = read
    assert first.SeriesInstanceUID == second.SeriesInstanceUID != other.SeriesInstanceUID
    assert [int(ds.InstanceNumber) for ds in read] == [1, 2, 1]
    assert {ds.SeriesDescription for ds in read} == {"AFLoc: one by one"}
