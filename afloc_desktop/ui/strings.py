"""Every word the window shows. One place, so that a translation is one file."""

from __future__ import annotations

from afloc_desktop.ui.phrases import about as about
from afloc_desktop.ui.phrases import amount as amount
from afloc_desktop.ui.phrases import angle as angle
from afloc_desktop.ui.phrases import answered_in as answered_in
from afloc_desktop.ui.phrases import area as area
from afloc_desktop.ui.phrases import caption_below as caption_below
from afloc_desktop.ui.phrases import caption_found as caption_found
from afloc_desktop.ui.phrases import caption_rejected as caption_rejected
from afloc_desktop.ui.phrases import caption_waiting as caption_waiting
from afloc_desktop.ui.phrases import changed as changed
from afloc_desktop.ui.phrases import exported as exported
from afloc_desktop.ui.phrases import eye as eye
from afloc_desktop.ui.phrases import film as film
from afloc_desktop.ui.phrases import film_named as film_named
from afloc_desktop.ui.phrases import film_numbers as film_numbers
from afloc_desktop.ui.phrases import finding as finding
from afloc_desktop.ui.phrases import frame as frame
from afloc_desktop.ui.phrases import from_file as from_file
from afloc_desktop.ui.phrases import heart as heart
from afloc_desktop.ui.phrases import images as images
from afloc_desktop.ui.phrases import key_conflict as key_conflict
from afloc_desktop.ui.phrases import laid as laid
from afloc_desktop.ui.phrases import length as length
from afloc_desktop.ui.phrases import model as model
from afloc_desktop.ui.phrases import model_choice as model_choice
from afloc_desktop.ui.phrases import more as more
from afloc_desktop.ui.phrases import more_notes as more_notes
from afloc_desktop.ui.phrases import number as number
from afloc_desktop.ui.phrases import other_modality as other_modality
from afloc_desktop.ui.phrases import part as part
from afloc_desktop.ui.phrases import percent as percent
from afloc_desktop.ui.phrases import place as place
from afloc_desktop.ui.phrases import probability as probability
from afloc_desktop.ui.phrases import probe as probe
from afloc_desktop.ui.phrases import probe_both as probe_both
from afloc_desktop.ui.phrases import probe_colour as probe_colour
from afloc_desktop.ui.phrases import problem as problem
from afloc_desktop.ui.phrases import promoted as promoted
from afloc_desktop.ui.phrases import provider as provider
from afloc_desktop.ui.phrases import ratio as ratio
from afloc_desktop.ui.phrases import report_says as report_says
from afloc_desktop.ui.phrases import scale_bar as scale_bar
from afloc_desktop.ui.phrases import scanned as scanned
from afloc_desktop.ui.phrases import skipped as skipped
from afloc_desktop.ui.phrases import slide_levels as slide_levels
from afloc_desktop.ui.phrases import slide_magnification as slide_magnification
from afloc_desktop.ui.phrases import slide_objective as slide_objective
from afloc_desktop.ui.phrases import slide_place as slide_place
from afloc_desktop.ui.phrases import slide_progress as slide_progress
from afloc_desktop.ui.phrases import slide_scale as slide_scale
from afloc_desktop.ui.phrases import slide_size as slide_size
from afloc_desktop.ui.phrases import slide_summary as slide_summary
from afloc_desktop.ui.phrases import spacing as spacing
from afloc_desktop.ui.phrases import speed as speed
from afloc_desktop.ui.phrases import statistics as statistics
from afloc_desktop.ui.phrases import table as table
from afloc_desktop.ui.phrases import time_left as time_left
from afloc_desktop.ui.phrases import told as told
from afloc_desktop.ui.phrases import turned as turned
from afloc_desktop.ui.phrases import understood as understood
from afloc_desktop.ui.phrases import verdict as verdict
from afloc_desktop.ui.phrases import window as window
from afloc_desktop.ui.phrases import window_key as window_key
from afloc_desktop.ui.phrases import zoom as zoom

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
    "both_eyes": "Right eye | left eye",
    "both_eyes_prior": "Both eyes, each with its prior",
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
INDEX = "An index of files; what it names is listed."
NOTE_MARK = "⚠"
UNKNOWN_PATIENT = "Unnamed patient"
UNKNOWN_STUDY = "Study"
UNKNOWN_SERIES = "Series"
SKIPPED = "Skipped files"
STOP = "Stop"
SERIES_STRIP = "Series of the study"

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
CHANNELS = {"green": "Red-free (green)", "red": "Red channel", "blue": "Blue channel"}
AUTO_WINDOW = "Automatic"
NO_MODALITY = "an image without a modality"

# --- findings
FINDINGS = "Findings"
ASK_HINT = "Type a finding"
ASK_EXAMPLE = "Type a finding, e.g. {finding}"
ASK_TIP = "Narrows the list as you type. Down goes to the list, Enter asks for these very words."
YOUR_QUESTIONS = "Your questions"
SIMILARITY = "similarity"
THRESHOLD = "Similarity threshold"
OPACITY = "Opacity"
RESET = "Reset"
NO_MATCH = "Not in the list. Press Enter to ask for these words."
NO_MODEL = "No model is in use"
LOADING_MODEL = "Loading the model…"
FALLEN_BACK = "the chosen processor cannot be used"
MODEL_TIP = "The model that looks at images of this kind; a click offers the others."
MODEL_KINDS = {
    "cxr": "Made for chest films",
    "fundus": "Made for photographs of the retina",
    "histo": "Made for stained tissue",
}
ANSWERING = "Comparing…"
PRESENT = "at or above threshold"
ABSENT = "below threshold"
LEGEND = "Filled mark: at or above its threshold."
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
    "colour": "This is a picture in colour; the model was made for chest radiographs.",
    "grey": "This image has no colours; the model was made for photographs.",
    "tiny": "The image is too small to be read.",
}
DOUBTS = {
    "view_unknown": "The file does not say whether this is a frontal view; check it yourself.",
    "body_part_unknown": "The file does not say that this is a chest; check it yourself.",
    "small": "The image is small; faint findings may be lost.",
    "like_eye": "This looks like a photograph of the retina, and the model was made for tissue.",
    "like_tissue": "This looks like stained tissue, and the model was made for the retina.",
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
DOCUMENT = (
    "This report gives no words: it holds pictures of pages, or is damaged or protected by a "
    "password. Open it in another program, and paste its words here."
)
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

# --- export
EXPORT = "Export accepted findings…"
EXPORT_TITLE = "Export accepted findings"
EXPORT_WHAT = "What leaves"
EXPORT_NOTHING = "Nothing yet: accept or redraw a finding first (Y, E)."
EXPORT_AS = "As"
EXPORT_GROUPS = ("For the archive (DICOM)", "To read and to count", "For research and old readers")
EXPORT_KINDS = {
    "seg": "Segmentation: regions",
    "sr": "Structured report",
    "sc": "Picture (secondary capture)",
    "gsps": "Presentation state: outlines",
    "fractional-seg": "Segmentation: similarity maps",
    "fractional-seg-plain": "Similarity maps, uncompressed",
    "sc-plain": "Picture, uncompressed",
    "pdf": "PDF, one page a study",
    "png": "PNG pictures",
    "csv": "CSV table",
    "json": "JSON document",
}
EXPORT_NOT_OF_SLIDES = (
    "Findings on a slide do not leave as such. The structured report and the segmentation say "
    "where on the slide they are."
)
EXPORT_HIDE = "Without the patient: leave out names, dates, typed words and original UIDs"
EXPORT_HIDE_TIP = "As the Basic Profile of DICOM PS3.15 asks. Results of one export stay together."
EXPORT_HIDE_NOTE = (
    "What is burned into a film itself stays: look at the pictures before you pass them on."
)
EXPORT_FOLDER = "Folder"
EXPORT_FOLDER_HINT = "Choose where to"
EXPORT_FOLDER_TITLE = "Choose a folder for the results"
EXPORT_CHOOSE = "Choose…"
EXPORT_PREVIEW = "What will be written"
EXPORT_WRITTEN = "What was written"
EXPORT_PLAN_COLUMNS = ("Kind", "Files", "Names", "New series in the study")
EXPORT_RESULT_COLUMNS = ("File", "Kind", "Film", "Result")
EXPORT_BY_PLUGIN = "as the plugin decides"
EXPORT_OK = "written and checked"
EXPORT_GO = "Export"

# --- slides
SLIDE = "Slide"
MAGNIFICATION = "Magnification"
SLIDE_CHOOSE = "Choose region"
SLIDE_CHOOSE_TIP = "Draw a rectangle on the slide; with Shift held, any drag draws one."
SLIDE_REGION = "Localize region"
SLIDE_WHOLE = "Localize whole slide"
SLIDE_GO_ON = "Go on"
SLIDE_PLANNING = "Looking for tissue…"
SLIDE_ASK = (
    "Choose a finding, then a region or the whole slide. The model looks at windows with tissue, "
    "one after the other; what it saw is kept."
)
SLIDE_DISTRIBUTION = "Similarity of the windows"
SLIDE_TOP = "Strongest windows"
SLIDE_TOP_TIP = "Similarity of this window, not a verdict; click to look at it."
SLIDE_NO_MODEL = (
    "The model in use was not made for slides. Choose another one: a click on the name of the "
    "model, at the bottom of the window, offers those that are installed."
)
SLIDE_NO_SCALE = "no scale"
SLIDE_TOO_FAR = "The slide has no smaller copy of itself: zoom in to see more than a sketch."

# --- settings, keys, help
SETTINGS = "Settings…"
SETTINGS_TITLE = "Settings"
SETTING_READER, SETTING_LOOK = "Who reads", "Look"
SETTING_LANGUAGE, SETTING_PROVIDER = "Language", "Model runs on"
LOOKS = {"dark": "Dark", "light": "Light"}
LANGUAGES = {"en": "English", "zh": "简体中文"}
NO_CHINESE_FONT = (
    "No font with Chinese characters is installed: Chinese would show as empty boxes. Install "
    "one, such as Noto Sans CJK SC, and start AFLoc again."
)
PROVIDERS = {
    "auto": "What is fastest here",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA GPU (CUDA)",
    "directml": "GPU (DirectML)",
    "coreml": "Apple (Core ML)",
    "openvino": "Intel (OpenVINO)",
}
SETTING_RESOLUTION = "Model looks at images"
RESOLUTIONS = {
    "standard": "Once (quickest)",
    "mirrored": "Twice, as a mirror image too",
    "tiled": "Also in enlarged tiles, for small lesions",
}
SETTINGS_LATER = (
    "Language, processor and how the model looks change with the next start. Looking twice takes "
    "about twice as long, tiles five times. Where a model cannot, it looks once; the status line "
    "says what was done. Slides are always read in tiles."
)
KEY_SEARCH = "Search commands and keys"
KEY_NEW = "Key of the chosen command"
KEY_DEFAULT = "Default"
KEY_HELD = "held down: hide everything AI, magnifier"
GUIDES = "Guides"
ALL_LICENCES = "Licences"
PAPER = "The text that was chosen"
LOG_FOLDER = "Open log folder"
DIAGNOSTICS = "Copy diagnostics"
DIAGNOSTICS_COPIED = "Versions and state, without patient data, are on the clipboard."
WELCOME_TITLE = "Before you begin"
WELCOME_AGREE = "I understand: for research only"
RESTORE_TITLE = "The last session did not end properly"
RESTORE_ASK = "Open again what was open, with your verdicts and measurements?"
RESTORE_YES, RESTORE_NO = "Open again", "Begin anew"

# --- training
TRAINING = "Teach the model…"
TRAINING_TITLE = "Teach the model with the site's own reports"
TRAINING_NOTE = (
    "Nothing leaves this computer. Names, dates and numbers are taken out of the reports before "
    "anything is learned from them. What comes of it is for research only; compare it with the "
    "model before it, then let it answer."
)
TRAINING_BASE = "Model to begin with"
TRAINING_FIELDS = {
    "data": "Images and reports",
    "work": "Working folder",
    "regions": "Table of regions",
    "images": "Images of the regions",
    "taught": "Regions to teach",
    "replay": "Images of the base",
}
TRAINING_HINTS = {
    "data": "Folder of images with a table of reports, or reports beside them",
    "work": "Empty folder for everything that is made; outside the images",
    "regions": "Optional: where findings are, to compare both models",
    "images": "Optional: folder of those images",
    "taught": "Optional: regions people drew on images that are learned from",
    "replay": "Optional: training data of the shipped model, so that it is not forgotten",
}
TRAINING_ENDS_EARLY = "Stop when held-out images get no better"
TRAINING_HALF = "Compute in half the bits where the processor can"
TRAINING_STEPS_TITLE = "Steps"
TRAINING_STEPS = {
    "check": "Check",
    "prepare": "Prepare",
    "fit": "Teach",
    "export": "Export",
    "calibrate": "Set thresholds",
    "evaluate": "Compare",
}
TRAINING_RUNNING = "under way"
TRAINING_DONE = "done"
TRAINING_HAS_FAULTS = "done, some left out"
TRAINING_STOPPED = "stopped, can go on"
TRAINING_FAILED = "not done, see below"
TRAINING_CURVES = "Losses"
TRAINING_LOG = "What the steps say"
TRAINING_FAULTS = "What is wrong with the data"
TRAINING_PAGE = "Comparison"
TRAINING_PROMOTE = "Let it answer"
TRAINING_BACK = "Back to the model before"
ANY_TABLE = "Tables (*.csv);;All files (*)"

# --- results from files
RESULT_TITLE = "Result in a file"
RESULT_TIP = "Click to lay it over its film, double click or Enter to read it."
VERIFIED = "verified by a person"
RESULT_STATUSES = {
    "": "",
    "proposed": "proposed by a model",
    "accepted": "accepted",
    "edited": "redrawn",
}

# --- status
READY = "Ready"
LISTING = "Looking through files…"
READING_FILM = "Reading film…"
CRASH_TITLE = "Something went wrong"
CRASH_TEXT = (
    "AFLoc met an error of its own and may not work as it should from here on. Nothing was changed "
    "in your files; verdicts and measurements are saved and come back at the next start. Please "
    "restart it; the details below help whoever looks after it."
)

MOUSE_ROWS: tuple[tuple[str, str], ...] = (
    ("Wheel", "Zoom at the pointer; on a stack, the next image"),
    ("Left or middle drag", "Move the film"),
    ("Right drag, Ctrl + drag", "Window: right widens, up brightens"),
    ("Shift + drag", "On a slide: choose a region"),
    ("Double click", "Fit film to window"),
    ("Space (hold)", "Hide everything AI"),
    ("M (hold)", "Magnifier"),
    ("Up, Down", "Previous, next image of the series"),
)
