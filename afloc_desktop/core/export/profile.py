"""The colour profile of what we draw in colour."""

from __future__ import annotations

import base64
import zlib
from functools import cache

# As littleCMS writes it, packed: the library itself would be needed for nothing else.
_SRGB = """
eNqVkb1LQlEYxn9aYZTlUEREg4NGhEIURGPZ0CIRZpDVotevwI/LvUpIa9DSIDRELX0N/Qe1Bq0FQVAEEc2NfS0h
t/eooEQNncu574/n3uflPc8BezCjZc3WKcjmCkZoNuBeiiy7HS900kc3XkaimqlPz88H+XN93mFT9davevG/1RlP
mBrY2oUnNN0oCMs0BNcLuuJt4V4tHY0LHwr7DBlQ+ErpsRo/K07V+F2xEQ7NgF31dKeaONbEWtrICg8Le7KZolaf
R53EmcgtLkgdkD2ISYhZAriJUWSNDAX8UnOS2e++0apvjrx4NHnrlDDEkSItXp+oRemakJoUPSFPhpLK/WeeZnJ8
rNbdGYC2J8t684JjByply/o6sqzKMbQ8wkWu4c9LTpMfopcbmucAXJtwdtnQYrtwvgX9D3rUiFalFtn2ZBJeT6Er
Aj030LFSy6r+nZN7CG/IFV3D3j4Myf+u1W9LZmgs
"""


@cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB, of even length."""
    return zlib.decompress(base64.b64decode(_SRGB))
