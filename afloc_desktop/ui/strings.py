"""Every word the window shows. One place, so that a translation is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Spacing
    from afloc_desktop.core.measuring import Length, Ratio, Statistics
    from afloc_desktop.state.comparison import Change

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
FILE, VIEW, JUDGE, HELP = "&File", "&View", "Fi&ndings", "&Help"
LAYOUT, WINDOWS, TOOLS = "&Layout", "&Window", "&Measure"
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
CORNER_TEXT = "Text in the corners"
SINGLE, PAIR, QUAD = "One film", "Two films side by side", "Four films"
LINK = "Zoom, move and window together"
HANG_NEXT, HANG_PREVIOUS = "Next hanging", "Previous hanging"
HANG = "Hang as"
NO_HANGING = "Nothing else fits this study"
LAYOUT_BUTTON, MEASURE_BUTTON = "Layout", "Measure"
PLAY, PLAY_LONG = "Play", "Play the series"
SPEED = "Images per second"
EDIT_PRESETS = "Edit presets…"
TOOL_NAMES = {
    "hand": "Move and select",
    "length": "Length",
    "angle": "Angle",
    "rectangle": "Rectangle",
    "ellipse": "Ellipse",
    "ratio": "Heart and chest (CTR)",
    "arrow": "Arrow",
    "text": "Text",
    "calibrate": "Calibrate with a known length…",
}
DELETE_MARK = "Delete the selected"
CLEAR_MARKS = "Delete all on this film"
FORGET_CALIBRATION = "Forget the calibration by hand"
CALIBRATE = "Known length"
CALIBRATE_ASK = "Length of the line in millimetres:"
NOTE, NOTE_ASK = "Note", "Text on the film:"
PRESET_NAME, PRESET_CENTRE, PRESET_WIDTH = "Name", "Level (HU)", "Width (HU)"
PRESETS_HINT = (
    "Windows of CT on the number keys 1 to 9. A row without a name is left out. On other films the "
    "number keys choose among the film's own windows."
)
RULE_TITLES = {
    "frontal_lateral_prior": "Frontal and lateral, each with its prior",
    "current_prior": "Current | prior",
    "frontal_lateral": "PA | lateral",
}
FEWER_NOTES = "Less"
AI_OVERLAY = "AI overlay"
AI_TIP = "Show or hide the AI overlay; hold Space to hide everything AI"
CONTOUR = "Contour"
CONTOUR_LONG = "Contour at the threshold, no colours"
CLEAR = "Film only, no finding"
GO_ASK = "Ask a question"
UNDO, REDO = "Undo", "Redo"
ACCEPT_LONG = "Accept the finding"
REDRAW_LONG = "Redraw the finding"
REJECT_LONG = "Reject the finding"
READER_LONG = "Who is reading…"
KEEP = "Keep the finding on the film"
DRAW_ALL_LONG = "Show everything at or above its threshold"
BOXES_LONG = "Boxes instead of colours"
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
EMPTY_CELL = "Drop a series here"
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
FORMS = {"colours": "Colours", "outline": "Outline", "boxes": "Boxes"}
KEEP_TIP = "Tick to keep it on the film beside others."
DRAW_ALL = "Show all found"
DRAW_ALL_TIP = "Draw everything at or above its threshold, each in its own colour"
OVERRULE = "Ask anyway"
OVERRULE_TIP = "The model is asked, and your decision is written into the audit trail."
NOT_ASKED = "The model was not asked: its answers would mean nothing or mislead."
REFUSALS = {
    "modality": "The model was not made for images of this modality.",
    "lateral": "This seems to be a lateral view; the model was made for frontal chest films.",
    "body_part": "This seems to be another part of the body than the chest.",
    "tiny": "The image is too small to be a radiograph.",
}
DOUBTS = {
    "view_unknown": "The file does not say whether this is a frontal view; check it yourself.",
    "body_part_unknown": "The file does not say that this is a chest; check it yourself.",
    "small": "The image is small; faint findings may be lost.",
}
ACCEPT, REDRAW, REJECT = "Accept", "Redraw…", "Reject"
ACCEPT_TIP = "State this finding as it is shown (Y)"
REDRAW_TIP = "Draw where the finding is, and state it so (E)"
REJECT_TIP = "State that this is wrong, and why (N)"
WITHDRAW = "Withdraw"
NO_VERDICT = "A proposal; not yet judged."
REASONS = {
    "absent": "There is nothing there",
    "elsewhere": "It is there, but elsewhere",
    "other_finding": "It is another finding",
    "artefact": "Artefact, device or positioning",
    "known": "Known and not worth stating",
    "other": "Another reason",
}
REDRAW_HINT = "Pull the line to where the finding is."
REDRAW_KEEP, REDRAW_LEAVE = "Keep (Enter)", "Cancel (Esc)"
READER_TITLE = "Who is reading?"
READER_ASK = "Your name goes with what you accept or reject. It stays on this computer."
REPORT = "Report"
NO_REPORT = (
    "No report was found with this study. A text file named like the film, a DICOM report of the "
    "study, or words from the clipboard can be shown here."
)
PASTE = "Paste"
PASTE_TIP = "Show the words of the clipboard as the report; they are kept nowhere"
PASTED = "Pasted"
REPORT_TIP = "Click a sentence to see where the film answers it. Crossed out: said to be absent."
DOCUMENT = "The report is a PDF document; its words cannot be shown here."
DENIED = "The report says this is absent; nothing is looked for."
VERDICT_MARKS = {"": "", "accepted": "✓", "edited": "✎", "rejected": "✗"}
VERDICTS = {
    "": "",
    "accepted": "Accepted",
    "edited": "Accepted as redrawn",
    "rejected": "Rejected",
}

# --- comparison with an earlier film
COMPARE = "Compare with the prior…"
COMPARE_TITLE = "Comparison with the prior"
NO_PRIOR = "No earlier film of this patient in this view is open."
NO_PRIOR_HINT = "Open the earlier study; patient ID, date and view must be in its header."
PRESENT_FILM, EARLIER_FILM = "Present film", "Earlier film"
EARLIER_LAID = "Earlier film, laid over the present one"
BLINK = "Blink"
ALIGN = "Lay over"
LAYING = "Laying the films over each other…"
CLOSE = "Close"
CHOOSE_FINDING = "Choose a finding to see what became of it."

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


def window_key(number: int) -> str:
    return f"Window on key {number}"


def speed(images_per_s: int) -> str:
    return f"{images_per_s} / s"


def amount(value: float) -> str:
    """Three or four digits that count, never an exponent."""
    if value != value:
        return "–"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


def length(measured: Length) -> str:
    """A distance and where it is true; pixels where the film has no scale."""
    if measured.basis is None:
        return f"{measured.value:.1f} px"
    return f"{measured.value:.1f} mm {_BASIS[measured.basis]}"


def area(measured: Length) -> str:
    """As `length`, of a shape; square centimetres where square millimetres are many."""
    if measured.basis is None:
        return f"{measured.value:.0f} px²"
    is_large = measured.value >= 1000
    size = f"{measured.value / 100:.1f} cm²" if is_large else f"{measured.value:.1f} mm²"
    return f"{size} {_BASIS[measured.basis]}"


def angle(degrees: float) -> str:
    return f"{degrees:.1f}°"


def statistics(found: Statistics, unit: str) -> list[str]:
    return [
        f"mean {amount(found.mean)} {unit}".rstrip() + f"   sd {amount(found.deviation)}",
        f"min {amount(found.least)}   max {amount(found.most)}",
        area(found.area),
    ]


def heart(measured: Length) -> str:
    return f"heart {length(measured)}"


def ratio(found: Ratio) -> list[str]:
    share = "–" if found.value != found.value else f"{found.value:.2f}"
    return [f"CTR {share}", heart(found.heart), f"chest {length(found.chest)}"]


def scale_bar(size_mm: float, basis: str) -> str:
    size = f"{size_mm / 10:g} cm" if size_mm >= 10 else f"{size_mm:g} mm"
    return f"{size} {_BASIS[basis]}"


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


def laid(quality: float, *, is_trusted: bool) -> str:
    words = f"agreement {number(quality)}"
    return words if is_trusted else f"{words}: too little to lay the films over each other"


def changed(found: Change) -> str:
    """What became of a finding between two films."""
    now, then = number(found.similarity), number(found.earlier_similarity)
    words = f"Similarity {now}, before {then}."
    if found.extent is None or found.earlier_extent is None:
        return f"{words} Extents cannot be compared: the films have no common scale."
    if found.unit == "%":
        extents = f"{found.extent:.1%} of the film, before {found.earlier_extent:.1%}"
    else:
        extents = f"{found.extent / 100:.1f} cm², before {found.earlier_extent / 100:.1f} cm²"
    growth = found.growth
    share = "" if growth is None else f" ({'+' if growth >= 0 else '−'}{abs(growth):.0%})"
    return f"{words} Extent at the same similarity {extents}{share}."


def verdict(status: str, author: str, reason: str) -> str:
    words = f"{status} by {author}" if author else status
    return f"{words}: {reason[0].lower()}{reason[1:]}" if reason else words


def probability(share: float) -> str:
    return f"Calibrated probability {share * 100:.0f} %"


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
    ("Ctrl + 0", "One film pixel per screen pixel"),
    ("1, 2, 3, 4, 5, 6, 7, 8, 9", "Window presets: of CT, or the film's own"),
    ("M (hold)", "Magnifier"),
    ("F2, F3, F4", "One, two, four films"),
    ("., ,", "Next, previous hanging"),
    ("L", "Zoom, move and window all films together"),
    ("Up, Down, wheel on a stack", "Previous, next image of the series"),
    ("P", "Play the series"),
    ("J", "Text in the corners on or off"),
    ("S", "Move and select"),
    ("D, G, T", "Measure a length, an angle, heart and chest"),
    ("Q, U", "Measure in a rectangle, in an ellipse"),
    ("W, X", "Draw an arrow, write on the film"),
    ("Shift + D", "Calibrate with a known length"),
    ("Del, Backspace", "Delete the selected measurement"),
    ("I", "Invert grey levels"),
    ("0", "Reset window, inversion and turns"),
    ("R, Shift + R", "Rotate right, left"),
    ("H, V", "Flip left to right, top to bottom"),
    ("O", "Graphics of the file on or off"),
    ("A", "AI overlay on or off"),
    ("Space (hold)", "Hide everything AI"),
    ("C", "Contour or colours"),
    ("Y, E, N", "Accept, redraw, reject the finding"),
    ("Ctrl + P", "Compare with the prior"),
    ("K", "Keep the finding on the film beside others"),
    ("Shift + A", "Show everything at or above its threshold"),
    ("B", "Boxes instead of colours"),
    ("Ctrl + Z", "Undo"),
    ("Ctrl + Y, Ctrl + Shift + Z", "Redo"),
    ("Esc", "Film only: choose no finding"),
    ("/, Ctrl + F", "Go to the question box"),
    ("Page Up, Page Down", "Previous, next film"),
    ("Ctrl + O", "Open files"),
    ("Ctrl + Shift + O", "Open folder"),
    ("Ctrl + W", "Close all studies"),
    ("Ctrl + Q", "Quit"),
    ("F1", "This list"),
)
