import json
import subprocess
import sys

from afloc_training.fitting.pieces import build_pieces

from afloc_desktop.core.text import TextSpec, WordPiece

WORDS = "There is a small pleural effusion, 2.5 cm. Mülleria sits in one report alone."
COMMON = "No pleural effusion. The heart is normal in size. Pleural thickening, no effusion."


def reports():
    return [("p1", WORDS), *((f"p{n}", COMMON) for n in range(1, 5))]


def test_frequent_words_are_pieces_and_everything_else_can_be_spelled():
    pieces = build_pieces(reports(), 256)
    assert list(pieces)[:4] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    assert list(pieces.values()) == list(range(len(pieces)))
    assert {"pleural", "effusion", ".", ",", "no"} <= pieces.keys()
    reader = WordPiece(pieces, TextSpec("wordpiece", True, 64, "none", "{}"))
    assert reader.unknown_id not in reader.encode("Zygomatic arch, 7 mm - unclear.")


def test_words_of_one_patient_cannot_be_read_off_the_pieces():
    pieces = build_pieces(reports(), 256)
    assert "mulleria" not in pieces
    assert not any("ller" in piece for piece in pieces)


def test_pieces_are_few_enough():
    assert len(build_pieces(reports(), 100)) <= 100


def test_every_process_finds_the_same_pieces():
    code = (
        "import json; from afloc_training.fitting.pieces import build_pieces\n"
        f"print(json.dumps(build_pieces({reports()!r}, 256)))"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
        )
        assert list(json.loads(done.stdout)) == list(build_pieces(reports(), 256))
