"""Every word the window shows. One place, so that a translation is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Spacing

APP = "AFLoc"
TITLE = "AFLoc – research use only"
RESEARCH_ONLY = "RESEARCH USE ONLY – not for diagnosis"
RESEARCH_TEXT = (
    "AFLoc shows where a film resembles words, and how much. It is made for research. It is not "
    "a medical device, has not been cleared by any authority, and must not be used for diagnosis "
    "or treatment. A high similarity is not a probability of disease, and a low one does not "
    "rule anything out."
)
LICENCES = (
    "AFLoc is free software under the Apache License 2.0. The window uses Qt for Python under the "
    "LGPL 3. The licences of all parts are in the files LICENSE and NOTICE that came with it; the "
    "terms of the model are in its model card."
)

# --- menus and actions
FILE, VIEW, HELP = "&File", "&View", "&Help"
OPEN_FILES = "Open files…"
OPEN_FOLDER = "Open folder…"
OPEN_SAMPLE = "Open sample study"
CLOSE_ALL = "Close all studies"
QUIT = "Quit"
FIT = "Fit"
FIT_LONG = "Fit film to window"
ONE_TO_ONE = "1:1"
ONE_TO_ONE_LONG = "One film pixel per screen pixel"
ZOOM_IN = "Zoom in"
ZOOM_OUT = "Zoom out"
INVERT = "Invert"
INVERT_LONG = "Invert grey levels"
RESET_WINDOW = "Reset"
RESET_WINDOW_LONG = "Reset window, inversion and turns"
ROTATE_RIGHT = "Rotate right"
ROTATE_LEFT = "Rotate left"
FLIP_ACROSS = "Flip left to right"
FLIP_DOWN = "Flip top to bottom"
GRAPHICS = "Graphics of the file"
FEWER_NOTES = "Less"
AI_OVERLAY = "AI overlay"
AI_TIP = "Show or hide the AI overlay; hold Space to hide everything AI"
CONTOUR = "Contour"
CONTOUR_LONG = "Contour at the threshold, no colours"
CLEAR = "Film only, no finding"
GO_ASK = "Ask a question"
PREVIOUS = "Previous film"
NEXT = "Next film"
ANY_FILE = "DICOM and other files (*)"
ABOUT = "About AFLoc"
SHORTCUTS = "Keyboard and mouse"
OPEN_FILES_TITLE = "Open DICOM files"
OPEN_FOLDER_TITLE = "Open a folder of DICOM files"

# --- browser
STUDIES = "Studies"
FILES_BUTTON = "Files…"
FOLDER_BUTTON = "Folder…"
NO_STUDIES = (
    "Open files, a folder, a zip archive or a DICOMDIR, or drop them anywhere in this window."
)
SEARCH_HINT = "Search patient, date, modality…"
SEARCH_TIP = "Narrows what is open, and finds studies that were listed before."
KNOWN_STUDIES = "Listed before – click to open again"
NO_IMAGE = "(no image to show)"
INDEX = "An index of files; what it names is listed."
NOTE_MARK = "⚠"
UNKNOWN_PATIENT = "Unnamed patient"
UNKNOWN_STUDY = "Study"
UNKNOWN_SERIES = "Series"
SKIPPED = "Skipped files"
STOP = "Stop"

# --- film
FILM = "Film"
DROP_HERE = "Drop DICOM files or a folder here"
DROP_HINT = (
    "or open them with Ctrl+O (files) or Ctrl+Shift+O (folder).\nNew here? File, Open sample study."
)
READING = "Reading the film…"
WINDOW = "Window"
USER_WINDOW = "Own"
SIDE_UNKNOWN = "Side not stated in the file"
RIGHT, LEFT = "R", "L"
MIN_MAX = "Full range"
COLOUR = "Colour"
AUTO_WINDOW = "Automatic"
NO_MODALITY = "an image without a modality"

# --- findings
FINDINGS = "Findings"
ASK_HINT = "Type a finding, e.g. right pleural effusion"
ASK_TIP = "Narrows the list as you type. Down goes to the list, Enter asks for these very words."
YOUR_QUESTIONS = "Your questions"
SIMILARITY = "similarity"
THRESHOLD = "Threshold"
OPACITY = "Opacity"
RESET = "Reset"
NO_MATCH = "Not in the list. Press Enter to ask for these words."
NO_MODEL = "No model is in use"
LOADING_MODEL = "Loading the model…"
ANSWERING = "Comparing…"
PRESENT = "at or above threshold"
ABSENT = "below threshold"
LEGEND = "Highest similarity on this film. Filled mark: at or above the threshold."

# --- status
READY = "Ready"
LISTING = "Looking through files…"
READING_FILM = "Reading film…"
CRASH_TITLE = "Something went wrong"
CRASH_TEXT = (
    "AFLoc met an error of its own and may not work as it should from here on. Nothing was changed "
    "in your files. Please restart it; the details below help whoever looks after it."
)


def skipped(count: int) -> str:
    return f"{SKIPPED} ({count})"


def more(count: int) -> str:
    return f"… and {count} more"


def part(number: int) -> str:
    return f"part {number}"


def images(count: int) -> str:
    return "1 film" if count == 1 else f"{count} films"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def scanned(count: int) -> str:
    return f"Looking through files… {count}"


def table(number: int) -> str:
    return f"Table {number}"


def film(number: int) -> str:
    return f"Film {number}"


def frame(number: int) -> str:
    return f"Frame {number}"


def window(centre: float, width: float) -> str:
    return f"W {width:.5g}   L {centre:.5g}"


def place(number: int, count: int, position_mm: float | None) -> str:
    image = f"Image {number} of {count}"
    return image if position_mm is None else f"{image}   at {position_mm:.1f} mm"


def zoom(percent: float) -> str:
    return f"Zoom {percent:.0f} %"


def probe(x: int, y: int, value: float, unit: str, *, is_as_stored: bool) -> str:
    """`unit` may be empty; a stored value has none, whatever the file says of it."""
    if is_as_stored:
        return f"x {x}  y {y}   stored value {value:.6g}"
    return f"x {x}  y {y}   value {value:.6g} {unit}".rstrip()


def probe_colour(x: int, y: int, red: int, green: int, blue: int) -> str:
    return f"x {x}  y {y}   red {red}  green {green}  blue {blue}"


_BASIS = {
    "detector": "at detector",
    "calibrated": "calibrated",
    "corrected": "corrected",
    "estimated": "estimated",
    "patient": "in patient",
    "unknown": "uncertain",
    "reader": "calibrated by hand",
}


def spacing(size: Spacing | None) -> str:
    """How large a pixel is and where that is true; short, it shares a line with the caption."""
    if size is None:
        return "no scale"
    high, wide = f"{size.row_mm:.3g}", f"{size.column_mm:.3g}"
    return f"{high if high == wide else f'{high} × {wide}'} mm {_BASIS[size.basis]}"


def turned(quarters: int, is_mirrored: bool) -> str:
    """How the reader turned the film, clockwise quarters after the mirror; empty where not."""
    rotated = ("", "ROTATED RIGHT", "UPSIDE DOWN", "ROTATED LEFT")[quarters]
    if not is_mirrored:
        return rotated
    if quarters % 2:
        return f"FLIPPED, {rotated}"
    return "FLIPPED TOP TO BOTTOM" if quarters else "FLIPPED LEFT TO RIGHT"


def more_notes(count: int) -> str:
    return f"{count} more"


def model(identity: str, version: str) -> str:
    return f"Model {identity} {version}"


def provider(name: str) -> str:
    """What runs the model, without the runtime's own suffix."""
    return {"CPUExecutionProvider": "CPU", "CUDAExecutionProvider": "GPU (CUDA)"}.get(
        name, name.removesuffix("ExecutionProvider")
    )


def answered_in(seconds: float) -> str:
    if seconds < 0.001:
        return "answered in < 1 ms"
    return f"answered in {seconds * 1000:.0f} ms" if seconds < 1 else f"answered in {seconds:.1f} s"


def understood(notes: Sequence[str]) -> str:
    return "Understood – " + ", ".join(notes)


def number(similarity: float) -> str:
    """Two decimals, a true minus sign, and a dash for "not known"."""
    return "–" if similarity != similarity else f"{similarity:.2f}".replace("-", "−")


def caption_found(name: str, similarity: float, threshold: float) -> str:
    return f"{name}   similarity {number(similarity)}   (threshold {number(threshold)})"


def caption_below(name: str, similarity: float, threshold: float) -> str:
    return f"{name}   nothing at or above {number(threshold)}   (highest {number(similarity)})"


def caption_waiting(name: str) -> str:
    return f"{name}   comparing…"


def other_modality(modality: str, accepted: str) -> str:
    return f"This is {modality}; the model was made for {accepted}. Its answers mean little here."


def about(version: str) -> str:
    return f"AFLoc Desktop {version}"


SHORTCUT_ROWS: tuple[tuple[str, str], ...] = (
    ("Wheel", "Zoom at the pointer"),
    ("Left or middle drag", "Move the film"),
    (
        "Right drag, Ctrl + drag",
        "Window: right widens, up brightens",
    ),
    ("Double click, =", "Fit film to window"),
    ("+, −", "Zoom in, zoom out"),
    ("1", "One film pixel per screen pixel"),
    ("I", "Invert grey levels"),
    ("0", "Reset window, inversion and turns"),
    ("R, Shift + R", "Rotate right, left"),
    ("H, V", "Flip left to right, top to bottom"),
    ("O", "Graphics of the file on or off"),
    ("A", "AI overlay on or off"),
    ("Space (hold)", "Hide everything AI"),
    ("C", "Contour or colours"),
    ("Esc", "Film only: choose no finding"),
    ("/, Ctrl + F", "Go to the question box"),
    ("Page Up, Page Down", "Previous, next film"),
    ("Ctrl + O", "Open files"),
    ("Ctrl + Shift + O", "Open folder"),
    ("Ctrl + W", "Close all studies"),
    ("Ctrl + Q", "Quit"),
    ("F1", "This list"),
)
