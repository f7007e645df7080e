from __future__ import annotations

from afloc_training.site.faults import KINDS, count_kinds, fault


def test_every_kind_says_what_it_is_and_what_to_do():
    assert len(KINDS) >= 15
    for kind in KINDS.values():
        assert kind.title
        assert kind.remedy.endswith(".")
        assert kind.severity in ("error", "warning")


def test_a_fault_has_the_remedy_of_its_kind_or_a_better_one():
    assert fault("bad_row", "t.csv", 2, "Why.").remedy == KINDS["bad_row"].remedy
    assert fault("bad_row", "t.csv", 2, "Why.", "Do.").remedy == "Do."


def test_errors_are_counted_first_then_the_most_frequent():
    kinds = ["encoding", "lateral_film", "lateral_film", "bad_row"]
    counts = count_kinds(fault(kind, "", None, "Why.") for kind in kinds)
    assert list(counts.items()) == [("bad_row", 1), ("lateral_film", 2), ("encoding", 1)]
