from afloc_desktop.ui import keymap
from afloc_desktop.ui.actions import COMMANDS, Command

PAIR = (Command("invert", "", "Invert", ("I",)), Command("ratio", "", "CTR", ("T", "Ctrl+T")))


def test_keys_come_back_as_they_were_written():
    keys = {"invert": ("Ctrl+I", "F9"), "ratio": ()}
    assert keymap.parse(keymap.written(keys), PAIR) == keys
    assert keymap.in_use(keys, PAIR) == keys
    assert keymap.in_use({}, PAIR) == {"invert": ("I",), "ratio": ("T", "Ctrl+T")}


def test_what_no_longer_means_anything_is_left_out():
    assert keymap.parse("gone Ctrl+G\n\ninvert nonsense!\nratio F8", PAIR) == {
        "invert": (),
        "ratio": ("F8",),
    }


def test_a_key_of_two_commands_and_a_reserved_one_are_conflicts():
    assert keymap.conflicts({"invert": ("t",)}, PAIR) == {"T": ("invert", "ratio")}
    assert keymap.conflicts({"invert": ("M",)}, PAIR) == {"M": ("", "invert")}
    assert keymap.conflicts({}, PAIR) == {}


def test_the_keys_we_ship_are_in_nobodys_way():
    assert keymap.conflicts({}, COMMANDS) == {}
