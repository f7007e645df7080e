import inspect
import subprocess
import sys

from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import Settings, save_settings
from afloc_desktop.ui import chinese_phrases, phrases, strings
from afloc_desktop.ui.language import chinese_words

# The same in every language: names, marks, numbers and units.
NEUTRAL = {
    "APP", "ONE_TO_ONE", "NOTE_MARK", "RIGHT", "LEFT", "LANGUAGES", "VERDICT_MARKS",
    "percent", "window", "amount", "angle", "number", "about",
    "slide_size", "slide_magnification", "slide_scale", "slide_place", "slide_objective",
}  # fmt: skip


def own(module):
    """Words and phrases of a module, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() or (inspect.isfunction(value) and not name.startswith("_"))
    }


def test_every_word_has_its_chinese_and_no_other_word_has():
    english, chinese = own(strings), chinese_words()
    assert set(english) - set(chinese) == NEUTRAL
    assert set(chinese) - set(english) == set()


def test_lists_and_tables_hold_the_same_entries():
    english = own(strings)
    for name, value in chinese_words().items():
        assert type(value) is type(english[name]), name
        if isinstance(value, dict):
            assert list(value) == list(english[name]), name
        if isinstance(value, tuple):
            assert len(value) == len(english[name]), name


def test_phrases_take_the_same_parts():
    for name, value in chinese_words().items():
        if inspect.isfunction(value):
            assert inspect.signature(value) == inspect.signature(getattr(phrases, name)), name


def test_nothing_was_left_in_english():
    def texts(value):
        if isinstance(value, str):
            return [value]
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in texts(part)]

    for name, value in chinese_words().items():
        if not inspect.isfunction(value):
            for text in texts(value):
                assert not text or any("一" <= c <= "鿿" for c in text) or "(" in text, name


def test_every_basis_of_a_length_has_its_words():
    assert set(chinese_phrases._BASIS) == set(phrases._BASIS)


def test_a_window_speaks_the_language_of_its_settings(afloc_home):
    save_settings(Paths.default().settings_file, Settings(language="zh"))
    code = """
from afloc_desktop.cli.window import _speak
_speak()
from afloc_desktop.ui import actions, strings
assert [c.text for c in actions.COMMANDS if c.id == "invert"] == ["灰度反转"]
assert strings.skipped(3) == "跳过的文件 (3)"
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
