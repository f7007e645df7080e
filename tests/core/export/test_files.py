import csv
import json

import exported
import numpy as np

from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import FilmResults, Selection


def selection(make_image, label="Pleural effusion"):
    image = make_image(np.zeros((120, 100)))
    rejected = exported.statement(image, "Mass", status="rejected", author="A")
    stated = (exported.statement(image, label), rejected)
    return Selection((FilmResults(image, stated), FilmResults(image, (rejected,))))


def test_a_picture_is_written_for_each_film_with_a_finding(make_image, tmp_path):
    (path,) = exporters()["png"].write(selection(make_image), tmp_path)
    assert path.name == "film-1.png"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_table_holds_what_was_not_rejected_and_no_formula(make_image, tmp_path):
    for label in ("=HYPERLINK(1)", "+1+cmd|x", "@x", "-2+3", "\tx"):
        (path,) = exporters()["csv"].write(selection(make_image, label), tmp_path)
        (row,) = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        assert row["prompt"] == "'" + label
        assert (row["x0"], row["y1"]) == ("20.0", "40.0")


def test_the_document_has_the_shape_of_results_json(make_image, tmp_path):
    (path,) = exporters()["json"].write(selection(make_image), tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    (image,) = document["images"]
    (finding,) = image["findings"]
    assert image["bundle"] == {"id": "tiny", "sha256": "ab" * 32}
    assert (finding["label"], finding["boxes"]) == ("Pleural effusion", [[20, 30, 40, 40]])


def test_what_was_there_is_left_alone(make_image, tmp_path):
    for id_, suffix in (("png", "png"), ("csv", "csv"), ("json", "json")):
        (first,) = exporters()[id_].write(selection(make_image), tmp_path)
        before = first.read_bytes()
        (second,) = exporters()[id_].write(selection(make_image), tmp_path)
        assert second.name.endswith(f"-2.{suffix}")
        assert first.read_bytes() == before
