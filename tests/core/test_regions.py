import csv
from pathlib import Path

import pytest

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.regions import Labelled, read_cases, read_labels

BOX = [0.1, 0.1, 0.2, 0.2, ""]
HEADER = ["image", "label", "x", "y", "w", "h", "mask"]


def write(path, header, lines):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *lines])
    return path


def test_several_boxes_of_one_label_are_one_case(tmp_path):
    lines = [["0.png", "Mass", *BOX], ["0.png", "Mass", *BOX], ["0.png", "Nodule", *BOX]]
    cases = read_cases(write(tmp_path / "r.csv", HEADER, lines), None)
    assert [(c.label, len(c.boxes)) for c in cases] == [("Mass", 2), ("Nodule", 1)]


def test_a_mask_is_relative_to_its_table(tmp_path):
    path = write(tmp_path / "r.csv", HEADER, [["0.png", "Mass", "", "", "", "", "masks/m.png"]])
    (case,) = read_cases(path, None)
    assert case.masks == (Path(tmp_path / "masks/m.png"),)
    assert case.boxes == ()


def test_only_the_images_asked_for_are_read(tmp_path):
    path = write(tmp_path / "r.csv", HEADER, [[f"{i}.png", "Mass", *BOX] for i in range(5)])
    assert [c.image for c in read_cases(path, {"3.png"})] == ["3.png"]


def test_a_case_belongs_to_its_patient_or_else_to_its_image_alone(tmp_path):
    path = write(tmp_path / "r.csv", ["patient_id", *HEADER], [["p7", "0.png", "Mass", *BOX]])
    assert read_cases(path, None)[0].patient == "p7"
    path = write(tmp_path / "r.csv", HEADER, [["0.png", "Mass", *BOX]])
    assert read_cases(path, None)[0].patient == "0.png"


def test_labels_are_read_for_one_split(tmp_path):
    lines = [["a", "Mass;Nodule", "dev", "p1"], ["b", "No Finding", "train", ""]]
    path = write(tmp_path / "l.csv", ["image", "labels", "split", "patient_id"], lines)
    assert read_labels(path, "dev") == {"a": Labelled(frozenset({"Mass", "Nodule"}), "p1")}
    assert read_labels(path, None)["b"].patient == "b"


@pytest.mark.parametrize(
    "content", [b"image,label\n", b"\xff\xfe\x00", b"image,label,x,y,w,h,mask\na,b,c,1,1,1,\n"]
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, content):
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        read_cases(tmp_path / "r.csv", None)
    assert caught.value.remedy
