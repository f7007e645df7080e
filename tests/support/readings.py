"""States of the window, typical and awkward, as values."""

from dataclasses import replace
from pathlib import Path

from doubles import FINDINGS, FINGERPRINT, FakeLocalizer, film, listing, ref

from afloc_desktop.core.domain import Prompt, Skipped
from afloc_desktop.core.findings import extent
from afloc_desktop.state.store import Answer, Model, Problem, State

EFFUSION = Prompt("effusion", "preset")
MARKUP = "<b>Roe</b><img>^<script>"

MODEL = Model(
    id="fake",
    version="1",
    title="Fake model",
    bundle_sha256="bundle",
    fingerprint=FINGERPRINT,
    provider="CPUExecutionProvider",
    modality="cxr",
    dicom_modalities=("DX", "CR"),
    findings=FINDINGS,
)


def answer(prompt=EFFUSION, image=None) -> Answer:
    model, image = FakeLocalizer(), image or film()
    question = model.understand(prompt.words)
    heatmap = model.localize(image, prompt)
    return Answer(prompt, question, heatmap, float(heatmap.similarity.max()), extent(heatmap), 0.12)


def reading(**changes) -> State:
    """A film with every number, effusion chosen."""
    prompts = [Prompt(f.id, "preset") for f in FINDINGS]
    state = State(
        listing=listing(1, 2, 3),
        image_ref=ref(1),
        image=film(),
        model=MODEL,
        prompt=EFFUSION,
        answers={p: answer(p) for p in prompts},
    )
    return replace(state, **changes)


def asked(words: str) -> State:
    prompt = Prompt(words, "typed")
    state = reading(prompt=prompt, asked=(words,))
    return replace(state, answers={**state.answers, prompt: answer(prompt)})


SKIPPED = (
    Skipped(Path(f"/a/{MARKUP.replace('/', '')}.txt"), "This is no <i>DICOM</i> file.", "Skip it."),
    Skipped(Path("b.dcm"), "The file ends too early.", "Copy it again."),
)
PROBLEM = Problem("There is no <b>model</b> installed.", "Install one & restart.")

STATES = {
    "nothing yet": State(),
    "model loading": State(busy=frozenset({"model"})),
    "no model": State(model_problem=PROBLEM, image=film(), image_ref=ref(1), listing=listing(1)),
    "listing": State(busy=frozenset({"scan"}), scanned=1234),
    "nothing found": State(listing=listing(skipped=SKIPPED), notice=PROBLEM),
    "film read": State(listing=listing(1), image_ref=ref(1), busy=frozenset({"image"})),
    "film unreadable": State(listing=listing(1), image_ref=ref(1), image_problem=PROBLEM),
    "film alone": reading(prompt=None, answers={}),
    "surveying": reading(answers={}, busy=frozenset({"survey"})),
    "answered": reading(),
    "below threshold": reading(thresholds={EFFUSION: 0.9}),
    "contour": reading(is_contour=True),
    "hidden": reading(is_hidden=True),
    "overlay off": reading(is_overlay_on=False),
    "failed": reading(answers={}, answer_problem=PROBLEM),
    "right side": asked("right lung"),
    "negated": asked("no effusion"),
    "long words": asked("opacity " * 37),
    "markup": reading(
        listing=listing(1, patient=MARKUP, skipped=SKIPPED), image=film(warnings=(MARKUP,) * 3)
    ),
    "no side": reading(image=film(orientation=None)),
    "one row": reading(image=film(rows=1, columns=400)),
    "another film's answer": reading(image=film(2), image_ref=ref(2)),
}
