import numpy as np
import PIL.Image
import pytest
from afloc_training.fundus.tables import (
    EyeRow,
    grade_labels,
    hold_out,
    read_grades,
    read_lesions,
    without_copies,
    write_tables,
)
from afloc_training.fundus.vocabulary import IDS

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.regions import read_cases, read_labels, read_table


def row(grade, oedema=0, name="a.png", folder=None):
    return EyeRow(name, (folder / name) if folder else name, grade, oedema)


def known(eye):
    return dict(zip(IDS, eye.truth.tolist(), strict=True))


def test_grades_say_what_their_definitions_say_and_nothing_else():
    healthy, mild, moderate, severe = (known(row(grade)) for grade in range(4))
    lesions = ("microaneurysms", "retinal_hemorrhage", "hard_exudates", "cotton_wool_spots")
    assert [healthy[name] for name in lesions] == [0, 0, 0, 0]
    assert [mild[name] for name in lesions] == [1, 0, 0, 0]
    assert [moderate[name] for name in lesions] == [1, -1, 0, -1]
    assert [severe[name] for name in lesions] == [1, 1, 0, -1]
    assert known(row(2, oedema=1))["hard_exudates"] == 1
    referable = [k["diabetic_retinopathy"] for k in (healthy, mild, moderate, severe)]
    assert referable == [0, 0, 1, 1]
    assert healthy["optic_disc"] == 1


def test_an_eye_without_findings_is_normal_though_it_has_a_disc():
    labels = grade_labels([row(0), row(2, 2, "b.png")])
    assert labels["a.png"].labels == {"No Finding"}
    found = {"Microaneurysms", "Hard exudates", "Referable diabetic retinopathy"}
    assert labels["b.png"].labels == found


def test_a_photograph_is_found_again_in_another_size_and_left_out(tmp_path):
    random = np.random.default_rng(0)
    rows = []
    for n in range(3):
        coarse = random.integers(0, 256, (16, 24, 3)).astype(np.uint8)
        picture = PIL.Image.fromarray(coarse).resize((192, 128))
        picture.save(tmp_path / f"{n}.png")
        rows.append(row(2, 0, f"{n}.png", tmp_path))
    larger = PIL.Image.open(tmp_path / "1.png").resize((384, 256))
    larger.save(tmp_path / "outlined.jpg", quality=90)
    kept = without_copies(rows, [tmp_path / "outlined.jpg"])
    assert [eye.name for eye in kept] == ["0.png", "2.png"]


def test_every_grade_is_held_out_alike():
    rows = [row(grade, 0, f"{grade}-{n}.png") for grade in range(5) for n in range(10)]
    kept, held = hold_out(rows, 0.2, seed=3)
    assert [sum(eye.grade == grade for eye in held) for grade in range(5)] == [2] * 5
    assert len(kept) == 40
    assert hold_out(rows, 0.2, seed=3) == (kept, held)


@pytest.mark.parametrize("grade", ["five", "7"])
def test_a_table_with_another_grade_is_refused(tmp_path, grade):
    head = "image,split,dr_grade,dme_risk,license\n"
    (tmp_path / "idrid_grading.csv").write_text(f"{head}a.jpg,train,{grade},0,CC BY 4.0\n")
    with pytest.raises(DatasetError):
        read_grades(tmp_path, "train")


def test_what_may_not_be_passed_on_is_not_trained_on(tmp_path):
    head = "image,split,dr_grade,dme_risk,license\n"
    rows = "a.jpg,train,0,0,CC BY-NC 4.0\nb.jpg,train,1,0,CC BY 4.0\nc.jpg,test,1,0,CC BY 4.0\n"
    (tmp_path / "idrid_grading.csv").write_text(head + rows)
    assert [eye.name for eye in read_grades(tmp_path, "train")] == ["b.jpg"]


@pytest.mark.shared
def test_the_outlined_photographs_are_cases_by_kind_of_lesion(shared):
    cases = read_lesions(shared / "data" / "fundus")
    count = {case.label: 0 for case in cases}
    for case in cases:
        count[case.label] += 1
    assert count == {"Microaneurysms": 65, "Retinal hemorrhage": 64, "Hard exudates": 65,
                     "Cotton wool spots": 29, "Optic disc": 65}  # fmt: skip


@pytest.mark.shared
def test_the_tables_that_are_written_are_those_an_evaluation_reads(shared, tmp_path):
    folder = shared / "data" / "fundus"
    regions, labels, reports, held_out = write_tables(folder, tmp_path)
    key = lambda case: (case.image, case.label)  # noqa: E731
    written, known = (sorted(c, key=key) for c in (read_cases(regions, None), read_lesions(folder)))
    assert [key(case) for case in written] == [key(case) for case in known]
    assert all(case.masks[0].is_file() for case in written)
    graded = read_labels(labels, None)
    assert len(graded) == 45
    assert sum("Referable diabetic retinopathy" in row.labels for row in graded.values()) == 25
    site = {row["image"]: row for row in read_table(reports, ("split", "report"))}
    assert len(site) == 65 + 44
    held = {case.image for case in read_cases(held_out, None)}
    assert held == {i for i, row in site.items() if row["split"] == "dev"} - {
        i for i in site if i.startswith("grading")
    }
    assert site["images/IDRiD_01.jpg"]["report"] == (
        "Fundus photograph showing microaneurysms, retinal hemorrhage, hard exudates. "
        "No cotton wool spots."
    )
