import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afloc_desktop.core.dicom.entry import Entry, Labels, Place
from afloc_desktop.core.dicom.stacks import stacks_of

AXIAL, CORONAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def labels(modality="CT"):
    return Labels("1", "1.1", "Doe^Jane", "A1", "", "", "", 1, modality, "", "", "")


def slice_at(z, name="", **changes):
    fields = {
        "path": f"{name or z}.dcm",
        "member": "",
        "size": 100,
        "mtime_ns": 0,
        "labels": labels(),
        "place": Place(AXIAL, (0.5, 0.5), "9.9"),
        "position": (0.0, 0.0, float(z)),
        "sop_instance_uid": f"1.1.{z}",
        "instance_number": 1,
        "rows": 4,
        "columns": 5,
        "frames": 1,
    }
    return Entry(**(fields | changes))


def positions(stack):
    return [ref.position_mm for ref in stack.images]


def test_slices_are_in_the_order_of_their_positions():
    (stack,) = stacks_of([slice_at(z) for z in (4, 0, 2, 6)])
    assert positions(stack) == [0, 2, 4, 6]
    assert stack.notes == ()
    assert stack.images[1].path == Path("2.dcm")


def test_positions_are_measured_along_the_normal():
    place = Place(CORONAL, (0.5, 0.5), "9.9")  # its normal points along +y
    (stack,) = stacks_of(
        [slice_at(0, f"{y}", place=place, position=(9.0, y, 7.0)) for y in (3.0, -1.0)]
    )
    assert positions(stack) == [-1, 3]


@given(st.permutations([0, 1, 2, 3, 4, 5]))
@settings(max_examples=50, deadline=None)
def test_any_order_of_the_files_gives_the_same_stacks(order):
    slices = [slice_at(z, place=Place(AXIAL, (0.5, 0.5), str(z // 4))) for z in range(6)]
    assert stacks_of(sorted(slices[z] for z in order)) == stacks_of(slices)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rows": 8}, "image size"),
        ({"place": Place(AXIAL, (0.5, 0.6), "9.9")}, "pixel spacing"),
        ({"place": Place(AXIAL, (0.5, 0.5), "9.8")}, "frame of reference"),
        ({"place": Place(CORONAL, (0.5, 0.5), "9.9")}, "orientation"),
        ({"position": ()}, "position"),
        ({"rows": 8, "place": Place(CORONAL, (0.5, 0.5), "9.9")}, "image size and orientation"),
    ],
)
def test_images_that_do_not_fit_are_a_stack_of_their_own(change, reason):
    most, rest = stacks_of([slice_at(z) for z in (0, 1, 2)] + [slice_at(9, **change)])
    assert (len(most.images), len(rest.images)) == (3, 1)
    assert reason in most.notes[0]
    assert most.notes[0] == rest.notes[0]


def test_rounded_directions_are_one_stack():
    slices = [
        slice_at(z, place=Place((1.0, 1e-5 * z, 0.0, 0.0, 1.0, 0.0), (0.5, 0.5), "9.9"))
        for z in range(4)
    ]
    assert len(stacks_of(slices)) == 1


def test_a_gap_says_how_many_are_missing():
    (stack,) = stacks_of([slice_at(z) for z in (0, 2, 4, 10, 12)])
    assert stack.notes == ("Gap: about 2 images missing between others.",)


def test_uneven_distances_are_told_with_their_range():
    (stack,) = stacks_of([slice_at(z) for z in (0, 2, 4.3, 6, 8)])
    assert stack.notes == ("Uneven: neighbours are 1.7 to 2.3 mm apart.",)


def test_echoes_at_one_position_are_told_and_ordered():
    slices = [slice_at(z, f"{z}-{e}", phase=(0.0, e)) for z in (0, 2) for e in (30.0, 10.0)]
    (stack,) = stacks_of(sorted(slices))
    assert [ref.path.stem for ref in stack.images] == ["0-10.0", "0-30.0", "2-10.0", "2-30.0"]
    assert stack.notes == ("2 images at one position (phases, echoes or repeats).",)


def test_a_tilted_gantry_is_told():
    aside = 2 * math.tan(math.radians(15))
    slices = [slice_at(2 * n, position=(0.0, aside * n, 2.0 * n)) for n in range(5)]
    (stack,) = stacks_of(slices)
    assert "15°" in stack.notes[0]
    assert positions(stack) == [0, 2, 4, 6, 8]


def test_without_positions_slices_follow_their_numbers_and_say_so():
    slices = [slice_at(0, f"{n}", position=(), instance_number=n) for n in (3, 1, 2)]
    (stack,) = stacks_of(slices)
    assert [ref.instance_number for ref in stack.images] == [1, 2, 3]
    assert "No positions" in stack.notes[0]
    assert positions(stack) == [None] * 3


def test_radiographs_of_different_size_stay_together_without_a_word():
    films = [
        slice_at(0, f"{n}", position=(), place=Place((), (), ""), rows=n, labels=labels("DX"))
        for n in (3, 4)
    ]
    (stack,) = stacks_of(films)
    assert (len(stack.images), stack.notes) == (2, ())


def test_frames_follow_one_another():
    (stack,) = stacks_of([slice_at(0, position=(), place=None, frames=3)])
    assert [ref.frame for ref in stack.images] == [1, 2, 3]
    assert stack.notes == ()
