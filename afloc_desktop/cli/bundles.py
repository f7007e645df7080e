"""`afloc bundles install`, `remove`, `use` and `import-checkpoint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.cli.common import DONE, Verbs, add_json, add_verb, answer, answer_json, say

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.state.promotions import Promotion

CLEANINGS = ("afloc-words", "afloc")
PHRASINGS = ("official", "library")
MODES = ("official", "calibrated")
MODALITIES = ("cxr", "fundus", "histo")


def add_actions(actions: Verbs) -> None:
    """Register the actions below `afloc bundles`."""
    action = add_verb(
        actions,
        "install",
        "check, test and install a bundle",
        "afloc bundles install x.aflocbundle",
    )
    action.add_argument("file", metavar="FILE", type=Path, help="a .aflocbundle or a folder")
    add_json(action)
    action.set_defaults(run=_install)
    for name, summary, run in (
        ("remove", "delete an installed bundle", _remove),
        ("use", "choose the bundle that answers where none is named", _use),
    ):
        action = add_verb(actions, name, summary, f"afloc bundles {name} my-model")
        action.add_argument("bundle", metavar="ID")
        add_json(action)
        action.set_defaults(run=run)
    action = add_verb(
        actions,
        "promote",
        "let a tested bundle answer from now on, with a line in the audit trail",
        "afloc bundles promote /data/afloc-cxr-site",
    )
    action.add_argument("bundle", metavar="FOLDER|FILE|ID")
    add_json(action)
    action.set_defaults(run=_promote)
    action = add_verb(
        actions,
        "rollback",
        "let the bundle answer again that did before the last promotion",
        "afloc bundles rollback",
    )
    add_json(action)
    action.set_defaults(run=_roll_back)
    _add_import(actions)


def _add_import(actions: Verbs) -> None:
    action = add_verb(
        actions,
        "import-checkpoint",
        "turn an official AFLoc checkpoint the site has obtained into an installed bundle",
        "afloc bundles import-checkpoint Pretrained_CXR.ckpt --vocab vocab.txt --modality cxr",
    )
    action.add_argument("checkpoint", metavar="CKPT", type=Path)
    action.add_argument("--vocab", type=Path, required=True, help="vocab.txt of its text encoder")
    action.add_argument("--modality", choices=MODALITIES, required=True)
    action.add_argument("--id", help="of the bundle; made of modality and checkpoint unless given")
    action.add_argument(
        "--cleaning",
        choices=CLEANINGS,
        default=CLEANINGS[0],
        help="of typed words: afloc is that of AFLoc's own code, which drops single words and "
        "digits before a period; afloc-words (default) keeps both",
    )
    action.add_argument(
        "--phrasings",
        choices=PHRASINGS,
        default=PHRASINGS[0],
        help="of the listed findings: the published protocol's one prompt (default), or the mean "
        "of the library of phrasings",
    )
    action.add_argument(
        "--calibration",
        type=Path,
        metavar="FOLDER",
        help="at least 40 DICOM films of the site: adds a network in 8 bits where it draws the "
        "same maps on them, for processors with instructions for it; its maps are not exactly "
        "AFLoc's; and sets the thresholds of the calibrated mode",
    )
    action.add_argument(
        "--mode",
        choices=MODES,
        default=MODES[0],
        help="official (default) draws AFLoc's own maps; calibrated compares unit vectors with the "
        "library's mean, takes the mean map off, reads words as the default model does, and takes "
        "thresholds from --calibration",
    )
    add_json(action)
    action.set_defaults(run=_import_checkpoint)


def _install(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.bundles import install
    from afloc_desktop.state.paths import Paths

    bundle = install(chosen.file, Paths.default())
    _tell(chosen, bundle, f"{bundle.manifest.id} is installed; `afloc bundles use` chooses it")
    return DONE


def _remove(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.bundles import remove
    from afloc_desktop.state.paths import Paths

    remove(chosen.bundle, Paths.default())
    if chosen.json:
        answer_json({"id": chosen.bundle, "removed": True})
    else:
        answer(f"{chosen.bundle} is removed")
    return DONE


def _use(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.bundles import use
    from afloc_desktop.state.models import find
    from afloc_desktop.state.paths import Paths

    use(chosen.bundle, Paths.default())
    bundle = find(Paths.default(), chosen.bundle)
    _tell(chosen, bundle, f"{chosen.bundle} answers from now on where no bundle is named")
    return DONE


def _promote(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.promotions import promote

    path = Path(chosen.bundle)
    _tell_promotion(chosen, promote(path if path.exists() else chosen.bundle, Paths.default()))
    return DONE


def _roll_back(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.promotions import roll_back

    _tell_promotion(chosen, roll_back(Paths.default()))
    return DONE


def _tell_promotion(chosen: argparse.Namespace, done: Promotion) -> None:
    now, before = done.bundle, done.before
    if chosen.json:
        answer_json(
            {
                "id": now.manifest.id,
                "sha256": now.sha256,
                "before": {"id": before.manifest.id, "sha256": before.sha256},
            }
        )
    else:
        answer(
            f"{now.manifest.id} answers from now on; {before.manifest.id} is kept, and "
            "`afloc bundles rollback` goes back to it"
        )


def _import_checkpoint(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.trainer import ImportRequest, import_checkpoint

    request = ImportRequest(
        chosen.checkpoint,
        chosen.vocab,
        chosen.modality,
        chosen.cleaning,
        chosen.id,
        chosen.phrasings,
        chosen.calibration,
        chosen.mode,
    )
    say("checking and converting the checkpoint; the published network takes about a minute")
    told = import_checkpoint(request, Paths.default())
    if chosen.json:
        answer_json(told)
        return DONE
    for note in ("eight_bits", "thresholds"):
        if told.get(note):
            say(told[note])
    for heading in ("warnings", "missing", "unexpected"):
        for entry in told[heading]:
            say(f"{heading}: {entry}")
    answer(f"{told['id']} is installed; `afloc bundles use` chooses it")
    return DONE


def _tell(chosen: argparse.Namespace, bundle: Bundle, text: str) -> None:
    if chosen.json:
        manifest = bundle.manifest
        answer_json({"id": manifest.id, "version": manifest.version, "sha256": bundle.sha256})
    else:
        answer(text)
