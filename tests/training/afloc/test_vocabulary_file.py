import json
import zlib

import pytest
from afloc_training.afloc import vocabulary_file
from afloc_training.afloc.vocabulary_file import read_vocabulary, write_tokenizer

from afloc_desktop.core.errors import CheckpointError

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "lung", "##s", "é"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return path


def test_a_piece_stands_for_the_number_of_its_line(file):
    pieces, is_published = read_vocabulary(file, 7)
    assert pieces == {piece: number for number, piece in enumerate(PIECES)}
    assert not is_published


def test_lines_may_end_as_on_windows_and_the_last_need_not_end(file):
    file.write_bytes("\r\n".join(PIECES).encode())
    assert read_vocabulary(file, 7)[0]["é"] == 6


def test_the_published_file_is_known_by_its_sum(file, monkeypatch):
    monkeypatch.setattr(vocabulary_file, "PUBLISHED_CRC32", zlib.crc32(file.read_bytes()))
    assert read_vocabulary(file, 7)[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n".join(PIECES[:6]), "has 6 lines, and the checkpoint 7"),
        ("\n".join([*PIECES[:6], "lung"]), "twice"),
        ("\n".join(["x", *PIECES[1:]]), "begin"),
        ("\n".join([*PIECES[:3], "x", *PIECES[4:]]), "lacks"),
    ],
)
def test_what_is_no_vocabulary_of_the_checkpoint_is_refused(file, text, reason):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=reason) as caught:
        read_vocabulary(file, 7)
    assert "vocab.txt" in caught.value.remedy


def test_other_files_are_refused(file, tmp_path):
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CheckpointError, match="UTF-8"):
        read_vocabulary(file, 7)
    file.write_bytes(bytes(17 << 20))
    with pytest.raises(CheckpointError, match="16 MB"):
        read_vocabulary(file, 7)
    with pytest.raises(CheckpointError, match="No such file"):
        read_vocabulary(tmp_path / "absent", 7)


def test_the_bundles_tokenizer_holds_the_pieces(tmp_path):
    write_tokenizer(tmp_path / "tokenizer.json", {"[PAD]": 0, "é": 1})
    document = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert document == {"model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "é": 1}}}
