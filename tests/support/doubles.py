"""Stand-ins for the slow calls: films made by hand, a model that answers a bright disc's place."""

import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec

import numpy as np
from bars import LATEST_S

from afloc_desktop.core.domain import (
    Heatmap,
    IdentityKey,
    Image,
    ImageRef,
    Listing,
    Orientation,
    Prompt,
    Series,
    Skipped,
    Study,
    VoiWindow,
    read_only,
)
from afloc_desktop.core.errors import BundleMissing, UnsupportedImage
from afloc_desktop.core.hanging import Rule
from afloc_desktop.core.model.manifest import FindingSpec
from afloc_desktop.core.understanding import TEXT, Question
from afloc_desktop.core.wording import Mention
from afloc_desktop.state.comparison import Comparisons
from afloc_desktop.state.drawn import Drawn
from afloc_desktop.state.history import History
from afloc_desktop.state.index import KnownStudy
from afloc_desktop.state.judgements import Judgements
from afloc_desktop.state.model_list import ModelList
from afloc_desktop.state.reports import Report, Reports
from afloc_desktop.state.shelf import Found
from afloc_desktop.state.slide_runs import SlideRuns
from afloc_desktop.state.slides import Slides
from afloc_desktop.state.store import ModelName
from afloc_desktop.state.workspace import Engine, Workspace

FINGERPRINT = "fingerprint"


def finding(name: str, label: str, group: str, threshold: float = 0.3, **more) -> FindingSpec:
    return FindingSpec(
        id=name,
        label=label,
        group=group,
        prompts=(label,),
        synonyms=more.get("synonyms", ()),
        threshold=threshold,
        sigma_cells=1.0,
        gain=None,
        bias=None,
        prevalence=None,
        is_default=more.get("is_default", True),
    )


FINDINGS = (
    finding("effusion", "Pleural effusion", "Pleura", synonyms=("fluid",)),
    finding("pneumothorax", "Pneumothorax", "Pleura"),
    finding("consolidation", "Consolidation", "Lung", synonyms=("pneumonia",)),
    finding("nodule", "Nodule or mass", "Lung"),
    finding("cardiomegaly", "Enlarged heart", "Heart"),
)


def ref(number: int, rows: int = 60, columns: int = 50) -> ImageRef:
    return ImageRef(Path(f"film{number}.dcm"), 1, f"1.2.{number}", rows, columns, number)


def film(number: int = 1, rows: int = 60, columns: int = 50, **changes) -> Image:
    """Row r, column c holds 10 r + c; the first pixel is the film's number."""
    pixels = 10 * np.arange(rows, dtype=np.float32)[:, None] + np.arange(columns, dtype=np.float32)
    pixels[0, 0] = number
    values = {
        "ref": ref(number, rows, columns),
        "pixels": read_only(pixels),
        "is_inverted": False,
        "padding": None,
        "voi": (VoiWindow(300.0, 600.0, "LINEAR", "STANDARD"),),
        "spacing": None,
        "pixel_sha256": f"pixels {number}",
        "orientation": Orientation("L", "F"),
        "warnings": (),
    }
    return Image(**(values | changes))


def listing(*numbers: int, patient: str = "Doe^Jane", skipped: tuple[Skipped, ...] = ()) -> Listing:
    series = tuple(
        Series(f"1.{n}", n, "DX", f"Chest {n}", "CHEST", "PA", (ref(n),)) for n in numbers
    )
    study = Study("1", patient, "PID-7", "20240229", "Chest radiograph", "A1", series)
    return Listing((study,) if numbers else (), skipped)


class FakeLocalizer:
    """Answers a Gaussian blob whose height and place depend on the film and the words.

    The map's first value is the film's number, so that a test can tell whose map it is without
    asking the identity key.
    """

    def __init__(self, findings=FINDINGS, *, delay_s=0.0, sha="bundle", error=None):
        self.manifest = SimpleNamespace(
            id="fake",
            version="1",
            title="Fake model",
            modality="cxr",
            dicom_modalities=("DX", "CR"),
            findings=findings,
            preprocess=SimpleNamespace(fingerprint=FINGERPRINT),
        )
        self.bundle_sha256 = sha
        self.fingerprint = FINGERPRINT
        self.provider = "CPUExecutionProvider"
        self.fallback = ""
        self.threads: set[str] = set()
        self._delay_s = delay_s
        self._error = error

    def understand(self, words: str) -> Question:
        known = {f.id: f for f in self.manifest.findings}
        known |= {f.label.lower(): f for f in self.manifest.findings}
        spec = known.get(words.lower().rstrip("."))
        is_denial = words.lower().startswith("no ")
        return Question(
            prompt=Prompt(words, "preset" if spec else "typed"),
            finding_id=spec.id if spec else TEXT,
            label=spec.label if spec else words,
            threshold=spec.threshold if spec else 0.3,
            sigma_cells=1.0,
            side="right" if "right" in words else None,
            zone=None,
            notes=("side: right",) if "right" in words else (),
            warnings=("Negations are not understood.",) if is_denial else (),
            mentions=tuple(
                Mention(f.id, f.label, is_denial)
                for f in self.manifest.findings
                if f.label.lower() in words.lower()
            ),
            is_negated=is_denial,
        )

    def localize(self, image: Image, prompt: Prompt, *, check=lambda: None) -> Heatmap:
        self.threads.add(threading.current_thread().name)
        deadline = time.monotonic() + self._delay_s
        while time.monotonic() < deadline:
            check()
            time.sleep(0.001)
        if self._error is not None:
            raise self._error
        rows, columns = 30, 25
        seed = sum(prompt.words.encode())
        row, column = 5 + seed % 20, 5 + seed % 15
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        blob = np.exp(-((y - row) ** 2 + (x - column) ** 2) / 18) * (0.2 + seed % 7 / 14)
        similarity = np.asarray(blob, np.float32)
        similarity[0, 0] = image.pixels[0, 0] / 1e6
        return Heatmap(
            similarity=read_only(similarity),
            scale=(image.columns / columns, image.rows / rows),
            prompt=prompt,
            bundle_id="fake",
            key=IdentityKey(
                image.ref.sop_instance_uid,
                image.ref.frame,
                image.pixel_sha256,
                self.bundle_sha256,
                FINGERPRINT,
                prompt.words,
            ),
            notes=(),
        )


def refuse_run(slide, localizer, *, region, check):
    raise UnsupportedImage("This model was not made for slides.", remedy="Choose another.")


@dataclass
class Desk:
    """What the fake engine gives out; a test changes it before it starts."""

    localizer: FakeLocalizer | None = field(default_factory=FakeLocalizer)
    found: Listing = field(default_factory=lambda: listing(1, 2, 3))
    read_delay_s: float = 0.0
    film_changes: dict = field(default_factory=dict)
    read_error: Exception | None = None
    known: tuple[KnownStudy, ...] = ()
    prior: tuple[Path, ...] = ()
    rules: tuple[Rule, ...] = ()
    read_refs: list[ImageRef] = field(default_factory=list)
    stacks: list[tuple[ImageRef, ...]] = field(default_factory=list)
    slides: list[tuple[ImageRef, ...]] = field(default_factory=list)
    slide: object = None
    open_run: object = None  # a stand-in for `SlideRun`; None refuses
    reports: tuple[Report, ...] = ()
    models: tuple[ModelName, ...] = ()
    by_kind: dict = field(default_factory=dict)  # localizers of their own
    opened: list[tuple] = field(default_factory=list)
    trail: list[tuple] = field(default_factory=list)
    trail_error: Exception | None = None

    def engine(self) -> Engine:
        return Engine(
            scan=self.scan,
            read=self.read,
            open_stack=self.open_stack,
            open_slide=self.open_slide,
            open_run=self.open_run or refuse_run,
            start_decoders=lambda: None,
            open_model=self.open_model,
            list_models=lambda: self.models,
            sample=lambda: Path("sample"),
            forget=lambda: None,
            search=self.search,
            note=self.note,
            note_film=self.note,
            reports=lambda study, **options: self.reports,
            prior=lambda study, open_uids: self.prior,
            rules=lambda: (self.rules, None),
        )

    def note(self, *line) -> None:
        if self.trail_error is not None:
            raise self.trail_error
        self.trail.append(line)

    def scan(self, paths, *, on_progress, on_partial, should_stop) -> Found:
        for count in range(1, 4):
            on_progress(count)
        if str(paths[0]) == "reports":
            return Found(Listing((), ()), None, has_others=True)
        found = Found(self.found, next(iter(self.found.images), None))
        if str(paths[0]) == "partial":
            on_partial(found)
        return found

    def search(self, words):
        return tuple(study for study in self.known if words in study.patient_name)

    def read(self, wanted: ImageRef, *, should_stop) -> Image:
        self.read_refs.append(wanted)
        time.sleep(self.read_delay_s)
        if self.read_error is not None:
            raise self.read_error
        return film(wanted.instance_number, **self.film_changes)

    def open_stack(self, refs, *, should_stop) -> SimpleNamespace:
        self.stacks.append(refs)
        return SimpleNamespace(
            refs=refs, image=lambda place: film(refs[place].instance_number, **self.film_changes)
        )

    def open_slide(self, refs):
        self.slides.append(refs)
        if self.read_error is not None:
            raise self.read_error
        return self.slide

    def open_model(self, kind=None, chosen=None) -> FakeLocalizer:
        self.opened.append((kind, chosen))
        made = self.by_kind.get(kind, self.localizer)
        if made is None:
            raise BundleMissing("There is no model bundle installed.", remedy="Install one.")
        return made


def recording_workspace():
    """A workspace that only remembers what it was called with."""
    made = create_autospec(Workspace, instance=True)
    for name, kind in (
        ("drawn", Drawn),
        ("judging", Judgements),
        ("history", History),
        ("reports", Reports),
        ("comparing", Comparisons),
        ("models", ModelList),
        ("slides", Slides),
        ("slide_runs", SlideRuns),
    ):
        setattr(made, name, create_autospec(kind, instance=True))
    return made


class QueueLoop:
    """The main thread's loop without Qt: a test runs what was posted, one call at a time."""

    def __init__(self):
        self._calls: queue.Queue = queue.Queue()

    def post(self, call) -> None:
        self._calls.put(call)

    def run_until(self, is_done) -> None:
        deadline = time.monotonic() + LATEST_S
        while not is_done():
            self._calls.get(timeout=max(0.001, deadline - time.monotonic()))()

    def run_waiting(self) -> int:
        """Run what is there; the number of calls."""
        count = 0
        while not self._calls.empty():
            self._calls.get()()
            count += 1
        return count
