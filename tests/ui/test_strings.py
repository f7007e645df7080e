import inspect
import math
import re
from pathlib import Path

import pytest

from afloc_desktop.core.domain import Spacing
from afloc_desktop.ui import chinese_phrases, phrases, strings

HELPERS = {"annotations", "TYPE_CHECKING"}
WORDS = re.sub(r"(?m)^from .*\n", "", inspect.getsource(strings))


@pytest.mark.parametrize(
    ("similarity", "shown"), [(0.456, "0.46"), (-0.05, "−0.05"), (math.nan, "–"), (0, "0.00")]
)
def test_a_number_has_two_decimals_and_unknown_is_a_dash(similarity, shown):
    assert strings.number(similarity) == shown


def test_nothing_but_what_is_calibrated_is_called_a_probability():
    calibrated = inspect.getsource(strings.probability)
    source = f"{WORDS}{inspect.getsource(phrases)}".replace(calibrated, "").lower()
    assert source.count("probab") == source.count("not a probability") == 1
    assert strings.probability(0.625) == "Calibrated probability 62 %"


def test_every_string_is_shown_somewhere():
    sources = "".join(p.read_text() for p in Path(strings.__file__).parent.rglob("*.py"))
    names = [name for name in vars(strings) if name[0] != "_" and name not in HELPERS]
    own = WORDS + inspect.getsource(phrases)
    unused = [n for n in names if f"strings.{n}" not in sources and own.count(n) < 2]
    assert unused == []


def test_every_provider_has_a_name():
    assert strings.provider("CPUExecutionProvider") == "CPU"
    assert strings.provider("CUDAExecutionProvider") == "GPU (CUDA)"
    assert strings.provider("CoreMLExecutionProvider") == "CoreML"
    assert strings.provider("CPUExecutionProvider int8") == "CPU, 8-bit"
    assert strings.provider("CPUExecutionProvider int8 tiled") == "CPU, 8-bit, looked in tiles"
    assert chinese_phrases.provider("CPUExecutionProvider mirrored") == "CPU, 观察两次"


def test_times_are_in_the_unit_that_fits():
    assert strings.answered_in(0.0002) == "answered in < 1 ms"
    assert strings.answered_in(0.034) == "answered in 34 ms"
    assert strings.answered_in(2.34) == "answered in 2.3 s"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, "no scale"),
        (Spacing(0.143, 0.143, "detector"), "0.143 mm at detector"),
        (Spacing(2.0, 0.5, "unknown"), "2 × 0.5 mm uncertain"),
        (Spacing(0.7, 0.7, "patient"), "0.7 mm in patient"),
    ],
)
def test_a_scale_says_where_it_is_true(size, shown):
    assert strings.spacing(size) == shown


def test_every_turn_has_its_own_words():
    named = [strings.turned(q, m) for q in range(4) for m in (False, True)]
    assert named[0] == ""
    assert len(set(named)) == 8
    assert strings.turned(1, True) == "FLIPPED, ROTATED RIGHT"


def test_one_film_is_not_films():
    assert (strings.images(1), strings.images(2)) == ("1 film", "2 films")
