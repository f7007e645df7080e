from __future__ import annotations

import csv
import dataclasses

import pytest
from afloc_training.answers import answered
from afloc_training.described import own_sentences, read_described, sources_of
from afloc_training.facts import Claim, FilmFacts
from afloc_training.films import may_ship
from afloc_training.lessons import truth_table
from afloc_training.sentences import Sentence
from afloc_training.tuning.said import phrasebook

from afloc_desktop.core.errors import DatasetError

COLUMNS = ("image", "patient_id", "split", "source", "view", "report", "text_kind", "license",
           "url", "doi")  # fmt: skip
QUESTIONS = "In which lobe is the mass located? Right upper lobe. Is there a pleural effusion? No."


def film(image, report, **others):
    row = dict.fromkeys(COLUMNS, "") | {"image": image, "patient_id": image, "split": "train"}
    return row | {"report": report, "license": "CC0 1.0", "text_kind": "qa_pairs"} | others


def read(folder, *rows):
    table = folder / "notes.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return read_described(table, folder, "train")


def test_only_frontal_training_films_with_a_text_that_may_be_passed_on_are_read(tmp_path):
    note = {"text_kind": "clinical_note"}
    found = read(
        tmp_path,
        film("a.jpg", QUESTIONS),
        film("b.jpg", "Right pneumothorax.", license="CC BY 4.0", **note),
        film("c.jpg", "Right pneumothorax.", license="CC BY-NC-SA 4.0", **note),
        film("d.jpg", "Right pneumothorax.", license="CC BY-SA", **note),
        film("e.jpg", "Right pneumothorax.", split="dev", **note),
        film("f.jpg", "Right pneumothorax.", view="L", **note),
        film("g.jpg", " ", license="CC BY 3.0"),
    )
    assert [described.row.path.name for described in found] == ["a.jpg", "b.jpg"]


def test_what_a_text_states_is_known_and_what_it_leaves_out_is_not(tmp_path):
    (described,) = read(tmp_path, film("a.jpg", QUESTIONS))
    assert described.row.labels == {"mass"}
    facts = FilmFacts(described.row.labels, said=described.row.said)
    claims = [
        Claim("mass"),
        Claim("mass", side="right", zone="upper"),
        Claim("mass", side="left"),
        Claim("pleural_effusion"),
        Claim("pneumothorax"),
    ]
    assert truth_table([facts], claims).tolist() == [[1, 1, 0, 0, -1]]
    # The same label without a text says nothing of place, and rules out what it does not name.
    labelled = dataclasses.replace(facts, said=None)
    assert truth_table([labelled], claims).tolist() == [[1, -1, -1, 0, 0]]


def test_a_note_is_read_by_its_sentences(tmp_path):
    note = "History: cough. Findings: Consolidation in the left lower lobe. No effusion."
    (described,) = read(tmp_path, film("a.jpg", note, text_kind="clinical_note"))
    assert described.row.said.statements == (
        Claim("consolidation", side="left", zone="lower"),
        Claim("pleural_effusion", is_negated=True),
    )


def test_sentences_that_state_one_taught_thing_are_taught_as_they_are(tmp_path):
    note = (
        "Mass in the right upper lobe. Infiltrates with pneumonia. Rib fracture. Hyperinflation of "
        "the left lung. The trachea is midline. There is a lung mass."
    )
    films = read(
        tmp_path,
        film("a.jpg", note, text_kind="clinical_note"),
        film("b.jpg", QUESTIONS, text_kind="qa_pairs"),
    )
    assert own_sentences(films) == (
        Sentence("Mass in the right upper lobe.", Claim("mass", side="right", zone="upper")),
        Sentence("There is no pleural effusion.", Claim("pleural_effusion", is_negated=True)),
    )


def test_a_patient_in_two_splits_is_refused(tmp_path):
    rows = film("a.jpg", QUESTIONS), film("b.jpg", "", patient_id="a.jpg", split="dev")
    with pytest.raises(DatasetError, match="two splits"):
        read(tmp_path, *rows)


def test_the_attribution_a_licence_asks_for_is_kept(tmp_path):
    by = {"license": "CC BY 4.0", "source": "atlas", "url": "https://atlas.org/1", "doi": "10.1/x"}
    free = {"source": "collection", "url": "https://collection.org/1", "doi": "10.2/y"}
    films = read(
        tmp_path,
        film("a.jpg", QUESTIONS, **by),
        film("b.jpg", QUESTIONS, **free),
        film("c.jpg", QUESTIONS, **free | {"url": "https://collection.org/2"}),
    )
    first, second = sources_of(films)
    assert (first.name, first.films, first.links) == (
        "collection",
        2,
        ("https://doi.org/10.2/y",),
    )
    assert (second.licence, second.links) == ("CC BY 4.0", ("https://atlas.org/1",))


def test_the_shared_notes_hold_some_hundred_such_films(shared):
    folder = shared / "data" / "cxr"
    films = read_described(folder / "notes.csv", folder / "images", "train")
    assert {source.films for source in sources_of(films)} == {107, 6}
    assert all(may_ship(described.licence) for described in films)
    assert sum(bool(described.row.said.statements) for described in films) > 80
    for described in films:
        assert described.row.path.is_file()
    assert answered("Is there a pneumothorax? Yes.", phrasebook())[0] not in {
        sentence.text for sentence in own_sentences(films)
    }
