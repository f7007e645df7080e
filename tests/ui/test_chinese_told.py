import ast
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from afloc_desktop.core.domain import Side, Zone
from afloc_desktop.core.places import Across, Down, Landmark, Part
from afloc_desktop.ui import chinese_phrases, chinese_told, phrases

SOURCES = Path(chinese_told.__file__).parents[1]


def said():
    """Every literal text of the application outside its windows, its places as {}."""
    for path in (*SOURCES.glob("core/**/*.py"), *SOURCES.glob("state/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
                yield "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_sentence_that_is_translated_is_still_said():
    known = set(said())
    parts = "(?<=^side: ).*|(?<=^zone: ).*|(?<=^Words unknown for )[^{:]*"
    forms = (re.sub(parts, "{}", form) for form in chinese_told.TABLE)
    assert [form for form in forms if form not in known] == []


def test_every_side_and_zone_that_can_be_named_has_its_words():
    notes = [f"side: {side}" for side in get_args(Side)]
    notes += [f"zone: {zone}" for zone in get_args(Zone)]
    assert [note for note in notes if note not in chinese_told.TABLE] == []


def test_every_part_of_a_picture_that_can_be_named_has_its_words():
    halves = [Part(across, down) for across in (*get_args(Across), None) for down in get_args(Down)]
    parts = [
        *halves,
        *(Part(a) for a in get_args(Across)),
        *(Part(landmark=m) for m in get_args(Landmark)),
    ]
    assert [part.words for part in parts if part.words not in chinese_told.PARTS] == []
    both = Part("left", "lower", "disc").words
    assert chinese_told.told(f"part of the picture: {both}") == "图像部位：左下、视盘附近"


def test_every_translation_has_the_places_of_its_sentence():
    for form, words in chinese_told.TABLE.items():
        assert words.count("{}") == form.count("{}"), form


def test_every_listed_finding_has_its_chinese_name():
    resources = SOURCES.parent / "resources"
    sources = [*resources.glob("prompts/*.json"), *resources.glob("bundles/*/bundle.json")]
    listed = [
        f for path in sources for f in json.loads(path.read_text("utf-8")).get("findings", ())
    ]
    names = {finding[key] for finding in listed for key in ("label", "group")}
    assert names - set(chinese_told.FINDINGS) == set()
    assert chinese_phrases.finding("Pleural effusion") == "胸腔积液"
    assert chinese_phrases.finding("Swallowed coin") == "Swallowed coin"


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("The file is empty.", "文件是空的。"),
        ("The file has no frame 7; it holds 3.", "文件没有第 7 帧，共有 3 帧。"),
        ("side: left", "侧别：左"),
        ("zone: lower", "区域：下"),
        ("finding: Pleural effusion", "征象：胸腔积液"),
        (
            "names Mass, Nodule: the whole text is answered at once",
            "提到 肿块、结节：整段文字一并回答",
        ),
        ("Nobody ever said this.", "Nobody ever said this."),
    ],
)
def test_what_is_known_is_told_and_the_rest_left(text, chinese):
    assert chinese_told.told(text) == chinese
    assert phrases.told(text) == text
