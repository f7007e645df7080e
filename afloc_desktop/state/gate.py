"""Which model an image is for, and whether the answers of one may mean anything on it.

A film's header, and its colours, against what the model knows.

A refusal keeps the model from being asked until the reader overrules it, which goes into the
audit trail. A doubt is only told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.colours import has_hues, is_tissue, wrong_kind
from afloc_desktop.core.errors import UnsupportedImage
from afloc_desktop.core.hanging import view_of
from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.store import home_of

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image, Series
    from afloc_desktop.state.store import Model, State

Refusal = Literal["modality", "lateral", "body_part", "colour", "grey", "tiny"]
Doubt = Literal["view_unknown", "body_part_unknown", "small", "like_eye", "like_tissue"]
Kind = Literal["cxr", "fundus", "histo"]  # of images, as bundles name what they were trained on

_CHEST = ("CHEST", "THORAX", "LUNG", "RIB", "TORAX")
# PS3.16 annex L, the parts that are radiographed; other words may be a language of their own.
_ELSEWHERE = (
    "ABDOMEN", "PELVIS", "HIP", "KNEE", "HAND", "FOOT", "SKULL", "HEAD", "SPINE", "SHOULDER",
    "ELBOW", "WRIST", "ANKLE", "LEG", "ARM", "BREAST", "FEMUR", "TIBIA", "FINGER", "TOE", "JAW",
    "NECK", "EXTREMITY", "BRAIN", "HEART", "EYE",
)  # fmt: skip
_KINDS: dict[str, Kind] = {"OP": "fundus", "SM": "histo", "GM": "histo"}
_ANY_KIND = ("", "OT", "SC", "XC")  # modalities of whatever was photographed or captured
_TINY, _SMALL = 32, 256  # pixels of the shorter side; nobody reads a chest on fewer
_FROM_THE_SIDE = ("A", "P")  # the direction of the rows of a lateral film
_WRONG_KINDS = {
    "colour": "This is a picture in colour, and the model was made for radiographs.",
    "grey": "This image has no colours, and the model was made for photographs.",
}
# Told, not refused: by its colours alone, tissue stained brown may be taken for a retina.
_LIKE: dict[Kind, Doubt] = {"fundus": "like_eye", "histo": "like_tissue"}
_LIKE_WORDS = {
    "like_eye": "This looks like a photograph of the retina, and the model was made for tissue.",
    "like_tissue": "This looks like stained tissue, and the model was made for the retina.",
}
_CHOOSE = "Choose another model; `afloc bundles list` shows what is installed."


@dataclass(frozen=True, slots=True)
class Gate:
    """What speaks against asking a model about a film.

    Attributes:
        refusals: Why it is not asked; empty where it is.
        doubts: What the header does not say; told where nothing is refused.
    """

    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[Doubt, ...] = ()


_OPEN = Gate()


def kind_of(image: Image, series: Series | None) -> Kind:
    """Which kind of model an image is for: by its modality and, where that says little, colours.

    Args:
        image: Any.
        series: Where it was listed; None where it was not.
    """
    modality = "" if series is None else series.modality
    if image.eye is not None or modality in _KINDS:
        return _KINDS.get(modality, "fundus")
    if modality not in _ANY_KIND or image.colour is None or not has_hues(image.colour):
        return "cxr"
    return "histo" if is_tissue(image.colour) else "fundus"


def kind_on_screen(state: State) -> Kind | None:
    """Which kind of model is to look at what is on screen; None while there is nothing."""
    if state.slide is not None:
        return "histo"
    if state.image is None:
        return None
    home = home_of(state.listing, state.image.ref)
    return kind_of(state.image, None if home is None else home.series)


def gate(state: State) -> Gate:
    """The gate before the film on screen; open where there is no film or no model."""
    if state.image is None or state.model is None:
        return _OPEN
    home = home_of(state.listing, state.image.ref)
    return gate_of(state.image, None if home is None else home.series, state.model)


def is_refused(state: State) -> bool:
    """Whether the model may not be asked about the film on screen."""
    if state.image is None or FilmKey.of(state.image) in state.overruled:
        return False
    return bool(gate(state).refusals)


def gate_of(image: Image, series: Series | None, model: Model) -> Gate:
    """What a film and the header of its series say."""
    refusals: list[Refusal] = []
    doubts: list[Doubt] = []
    accepted = model.dicom_modalities
    if series is not None and accepted and series.modality not in accepted:
        refusals.append("modality")
    if model.modality == "cxr":
        _look_at_chest(image, series, refusals, doubts)
    kind = wrong_kind(image.colour, model.modality)
    if kind is not None:
        refusals.append(kind)
    like = _like(image, series, model.modality)
    if like is not None:
        doubts.append(like)
    shorter = min(image.rows, image.columns)
    if shorter < _TINY:
        refusals.append("tiny")
    elif shorter < _SMALL:
        doubts.append("small")
    return Gate(tuple(refusals), tuple(doubts))


def check_kind(image: Image, modality: str, series: Series | None = None) -> Image:
    """Refuse a photograph to a model of radiographs, and a radiograph to one of photographs.

    Args:
        image: Any.
        modality: What the model was trained on, as in its manifest.
        series: Where it was listed; None where it was not.

    Returns:
        The image; with a warning where it looks like tissue to a model of eyes, or the reverse.

    Raises:
        UnsupportedImage: It is of the other kind.
    """
    kind = wrong_kind(image.colour, modality)
    if kind is not None:
        raise UnsupportedImage(_WRONG_KINDS[kind], remedy=_CHOOSE)
    like = _like(image, series, modality)
    return image if like is None else replace(image, warnings=(*image.warnings, _LIKE_WORDS[like]))


def _like(image: Image, series: Series | None, modality: str) -> Doubt | None:
    """What a picture looks like, where a model was made for the other kind in colour."""
    kind = kind_of(image, series)
    is_other = kind != modality and {kind, modality} <= _LIKE.keys()
    return _LIKE[kind] if is_other else None


def _look_at_chest(
    image: Image, series: Series | None, refusals: list[Refusal], doubts: list[Doubt]
) -> None:
    part = "" if series is None else series.body_part.upper()
    is_chest = any(word in part for word in _CHEST)
    if not is_chest and any(word in part for word in _ELSEWHERE):
        refusals.append("body_part")
    elif not is_chest:
        doubts.append("body_part_unknown")
    view = "any" if series is None else view_of(series)
    direction = "" if image.orientation is None else image.orientation.row[:1]
    if view == "lateral" or direction in _FROM_THE_SIDE:
        refusals.append("lateral")
    elif view == "any":
        doubts.append("view_unknown")
