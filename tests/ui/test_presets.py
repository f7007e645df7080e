from dataclasses import replace

import numpy as np
from doubles import film

from afloc_desktop.core.domain import VoiLut, VoiWindow
from afloc_desktop.state.presets import DEFAULT
from afloc_desktop.ui.presets import name_of, offered


def test_a_film_has_its_own_windows_on_the_number_keys():
    found = offered(film(), DEFAULT)
    assert found.names == ("STANDARD", "Automatic", "Full range")
    assert [found.on_key(n) for n in (1, 3, 4)] == [0, 2, None]


def test_a_ct_has_the_presets_on_the_number_keys():
    found = offered(film(unit="HU"), DEFAULT)
    place = found.on_key(1)
    assert found.names[place] == "Lung"
    assert (found.choices[place].centre, found.choices[place].width) == (-600, 1500)
    assert found.names[:3] == ("STANDARD", "Automatic", "Full range")
    assert found.on_key(6) is None


def test_stored_values_and_colours_have_no_presets():
    assert len(offered(film(unit="HU", is_as_stored=True), DEFAULT).names) == 3
    colour = replace(film(unit="HU"), colour=np.zeros((60, 50, 3), np.uint8))
    names = ("Colour", "Red-free (green)", "Red channel", "Blue channel")
    assert offered(colour, DEFAULT).names == names


def test_windows_without_a_name_are_called_by_their_numbers():
    table = VoiLut(0, np.zeros(2, np.uint16), 8, "")
    assert name_of(table, 2) == "Table 2"
    assert name_of(VoiWindow(40, 400, "LINEAR", ""), 1) == "W 400   L 40"
