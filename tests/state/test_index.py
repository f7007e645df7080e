import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from afloc_desktop.core.dicom.entry import Entry, Labels, Place
from afloc_desktop.state.index import Query, StudyIndex

JANE = Labels("1", "1.1", "Doe^Jane", "A1", "20240229", "Chest", "ACC7", 1, "DX", "PA", "", "PA")
ANNA = Labels("2", "2.1", "Röe^Änna", "B2", "20230101", "Head 100%", "", 2, "CT", "Ax", "", "")
PLACE = Place((1.0, 0.0, 0.0, 0.0, 1.0, 0.1), (0.5, 0.7), "9.9")


def film(path, labels=JANE, **changes):
    fields = {
        "path": str(path),
        "member": "",
        "size": 10,
        "mtime_ns": 5,
        "labels": labels,
        "place": PLACE,
        "position": (0.1, -2.0, 1e-7),
        "phase": (1.0, 12.5),
        "sop_instance_uid": "1.2",
        "instance_number": None,
        "rows": 3,
        "columns": 4,
        "frames": 2,
    }
    return Entry(**(fields | changes))


REFUSED = Entry("/a/notes.txt", "", 3, 4, reason="This is not a DICOM file.", remedy="Choose.")
LOST = Entry("/a/lost", "", 0, 0, reason="Cannot be read.", remedy="Check.", is_lasting=False)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "home" / "studies.sqlite"


@pytest.fixture
def index(file):
    made = StudyIndex(file)
    yield made
    made.close()


def test_what_was_remembered_comes_back_as_it_was(index, file):
    kept = [film("/a/1", slide="9f"), film("/a/2", ANNA, member="x/y"), REFUSED]
    index.remember(kept)
    again = StudyIndex(file)
    assert [again.known(entry.path) for entry in kept] == [(entry,) for entry in kept]
    assert again.known("/a/other") is None
    assert again.known("/b/1") is None
    again.close()


def test_what_may_work_the_next_time_is_not_remembered(index):
    index.remember([LOST])
    assert index.known(LOST.path) is None


def test_members_of_an_archive_come_back_together_and_are_replaced_together(index, file):
    index.remember([film("/a/z.zip", member=name) for name in "abc"])
    again = StudyIndex(file)
    assert [e.member for e in again.known("/a/z.zip")] == ["a", "b", "c"]
    again.remember([film("/a/z.zip", member="d", size=11)])
    again.close()
    assert [e.member for e in StudyIndex(file).known("/a/z.zip")] == ["d"]


def test_names_that_are_no_text_are_remembered(index, file):
    path = os.fsdecode(b"/a\xff/b\xfe")
    index.remember([film(path, JANE._replace(patient_name="half \ud800"))])
    (entry,) = StudyIndex(file).known(path)
    assert entry.path == path
    assert index.search(Query())[0].paths == (Path(os.fsdecode(b"/a\xff")),)


def test_studies_are_found_newest_first_with_their_folders(index):
    index.remember([film("/a/1"), film("/a/sub/2"), film("/c/3", ANNA), film("/d.zip", member="m")])
    first, second = index.search(Query())
    assert (first.uid, first.images, first.modalities) == ("1", 6, "DX")
    assert first.paths == (Path("/a"), Path("/d.zip"))
    assert (second.patient_name, second.paths) == ("Röe^Änna", (Path("/c"),))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(text="jane chest"), "1"),
        (Query(text="RÖE"), "2"),
        (Query(text="acc7"), "1"),
        (Query(text="jane head"), ""),
        (Query(text="%"), "2"),
        (Query(text="_"), ""),
        (Query(text="' OR 1=1 --"), ""),
        (Query(patient="b2"), "2"),
        (Query(patient="chest"), ""),
        (Query(date_from="20240101"), "1"),
        (Query(date_to="20231231"), "2"),
        (Query(date_from="20240229", date_to="20240229"), "1"),
        (Query(modality="ct"), "2"),
        (Query(description="ax"), "2"),
    ],
)
def test_each_field_narrows_the_search(index, query, found):
    index.remember([film("/a/1"), film("/c/3", ANNA)])
    assert [study.uid for study in index.search(query)] == list(found)


def test_a_search_is_limited(index):
    index.remember([film(f"/a/{n}", JANE._replace(study_uid=str(n))) for n in range(5)])
    assert len(index.search(Query(), limit=3)) == 3


def test_refused_files_and_reports_make_no_study(index):
    index.remember([REFUSED, film("/a/r", frames=0, kind="Basic Text SR")])
    assert index.search(Query()) == ()


def test_files_that_are_gone_are_forgotten(index):
    index.remember([film("/a/1"), film("/a/b/2", ANNA), film("/ab/3")])
    index.forget_missing("/a", {"/a/1"})
    assert index.known("/a/b/2") is None
    assert index.known("/a/1") is not None
    assert index.known("/ab/3") is not None
    assert [study.uid for study in index.search(Query())] == ["1"]


def test_only_the_owner_may_read_it(index, file):
    index.remember([film("/a/1")])
    assert {p.stat().st_mode & 0o777 for p in file.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("damage", [b"nonsense" * 900, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_file_is_made_again_and_it_is_said_once(file, damage):
    file.parent.mkdir()
    file.write_bytes(damage)
    index = StudyIndex(file)
    assert index.search(Query()) == ()
    index.remember([film("/a/1")])
    assert index.known("/a/1") is not None
    assert "damaged" in index.take_problem().reason
    assert index.take_problem() is None
    index.close()


def test_a_file_of_another_version_is_made_again_without_a_word(index, file):
    index.remember([film("/a/1")])
    index.close()
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version = 999")
    other.close()
    index.search(Query())
    index.remember([film("/b/2")])
    assert (index.known("/a/1"), index.take_problem()) == (None, None)
    assert index.known("/b/2") is not None


def test_without_a_place_to_write_everything_else_goes_on(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    index = StudyIndex(tmp_path / "file" / "studies.sqlite")
    index.remember([film("/a/1")])
    assert (index.known("/a/1"), index.search(Query())) == (None, ())
    assert "cannot be written" in index.take_problem().reason
    assert index.take_problem() is None


def test_a_full_disk_costs_the_index_only(index):
    index.remember([film("/a/1")])
    index._connection.execute("PRAGMA max_page_count = 1")
    index.remember([film(f"/b/{n}" + "x" * 200) for n in range(500)])
    assert "cannot be written" in index.take_problem().reason
    assert index.search(Query()) == ()


def test_threads_and_a_second_window_may_use_it_at_once(index, file):
    other = StudyIndex(file)

    def work(one, name):
        for n in range(20):
            one.remember([film(f"/{name}/{n}")])

    threads = [
        threading.Thread(target=work, args=(one, name))
        for one, name in ((index, "a"), (index, "b"), (other, "c"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = StudyIndex(file)
    assert all(last.known(f"/{name}/{n}") for name in "abc" for n in range(20))
    assert other.take_problem() is None
    last.close()
    other.close()


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_index import film
from afloc_desktop.state.index import StudyIndex
index, n = StudyIndex(Path(sys.argv[1])), 0
while True:
    index.remember([film(f"/{n}/{k}") for k in range(200)])
    n += 1
    print(n, flush=True)
"""


def test_a_kill_in_the_middle_leaves_it_whole(file):
    for rows in (1, 3, 6):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
        )
        for _ in range(rows):
            child.stdout.readline()
        time.sleep(rows / 1000)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        index = StudyIndex(file)
        assert index.known("/0/7") == (film("/0/7"),)
        assert index.take_problem() is None
        index.close()


def test_the_files_of_a_study_are_named_and_an_archive_once(index):
    index.remember([film("/a/2"), film("/a/1"), film("/c/3", ANNA), REFUSED])
    index.remember([film("/d.zip", member=name) for name in "mn"])
    (jane,) = index.search(Query(patient="A1"))
    assert sorted(index.files(jane)) == [Path("/a/1"), Path("/a/2"), Path("/d.zip")]
    assert len(index.files(jane, limit=1)) == 1
