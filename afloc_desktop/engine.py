"""`afloc-engine`: the engine of the window as JSON lines, for other front ends.

One request a line on stdin, one or more answers a line on stdout, each with the request's `id`:

    {"id": 1, "do": "hello", "protocol": 1}
    {"id": 2, "do": "localize", "file": "film.dcm", "frame": 1, "findings": ["effusion"],
     "output": "folder"}
    {"id": 3, "do": "cancel", "request": 2}
    {"id": 4, "do": "bye"}

`resources/docs/engine.md` describes every field. A request ends with exactly one of `error` (with
`reason` and `remedy`), `cancelled`, or its result, and a failure costs only itself. The engine ends
when its input does: it never outlives the program that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, get_args

from afloc_desktop import __version__
from afloc_desktop.core.errors import AflocError, BundleError, Cancelled, InputError

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.paths import Paths

PROTOCOL = 1
_BAD_REQUEST = "See `afloc-engine --help`, or its documentation, for the requests it knows."
_FIELDS = frozenset(
    ("id", "do", "file", "frame", "array", "findings", "output", "bundle", "provider")
)
_HELP = """\
The engine of the window as JSON lines: one request a line on standard input, answers on standard
output, each with the request's id. It ends with its input. `engine.md`, among the documents of the
application, describes every field.

example:
  echo '{"id": 1, "do": "hello", "protocol": 1}' | afloc-engine

requests:
  {"id": 1, "do": "hello", "protocol": 1}
  {"id": 2, "do": "localize", "file": "film.dcm", "findings": ["effusion"], "output": "folder"}
  {"id": 3, "do": "cancel", "request": 2}
  {"id": 4, "do": "bye"}
"""
_WATCH_S = 1.0


def main() -> NoReturn:
    """Serve stdin and stdout; the entry point `afloc-engine`."""
    parser = argparse.ArgumentParser(
        prog="afloc-engine",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"afloc-engine {__version__}")
    parser.parse_args()
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints, from Python or C, must not end up between the answers.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    threading.Thread(target=_end_with_parent, name="watch", daemon=True).start()
    Engine(sys.stdin.buffer, answers).serve()
    # At once, and not when the network has finished: nobody waits for what is under way.
    os._exit(0)


def _end_with_parent() -> None:
    """Stdin stays open where somebody else inherited its other end; a dead parent is dead."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(0)


@dataclass(slots=True)
class _Request:
    """One line of the front end.

    Attributes:
        fields: As they came.
        is_over: Its last answer has been given.
    """

    fields: dict[str, Any]
    is_over: bool = False

    @property
    def id(self) -> str | int | None:
        """What the front end calls it."""
        given: str | int | None = self.fields.get("id")
        return given

    def check(self) -> None:
        """Stop here where nobody waits for the rest.

        Raises:
            Cancelled: The front end has cancelled it.
        """
        if self.is_over:
            raise Cancelled


class Engine:
    """One conversation. Requests run one after the other; `cancel` overtakes them."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source = source
        self._target = target
        self._waiting: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._open: dict[str | int | None, _Request] = {}
        self._model: tuple[tuple[str | Kind, str], Localizer] | None = None
        self._writing = threading.Lock()

    def serve(self) -> None:
        """Answer until `bye` or the end of the input, which nothing under way holds up."""
        worker = threading.Thread(target=self._work, name="engine", daemon=True)
        worker.start()
        for line in self._source:
            request = self._parse(line)
            if request is None:
                continue
            if request.fields["do"] == "cancel":
                self._cancel(request)
                continue
            self._open[request.id] = request
            self._waiting.put(request)
            if request.fields["do"] == "bye":
                worker.join()
                return

    def _parse(self, line: bytes) -> _Request | None:
        if not line.strip():
            return None
        try:
            fields = json.loads(line)
            # An id is said again with every answer, so it must be something that can be.
            if isinstance(fields["do"], str) and isinstance(fields.get("id"), str | int | None):
                return _Request(dict(fields))
            raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            error = InputError("A line is no request.", remedy=_BAD_REQUEST)
            self._end(_Request({}), **_told(error))
            return None

    def _cancel(self, request: _Request) -> None:
        """Answer at once: the running step ends in its own time, and what it finds is dropped."""
        name = request.fields.get("request")
        wanted = self._open.get(name) if isinstance(name, str | int) else None
        if wanted is not None:
            self._end(wanted, cancelled=True)
        self._end(request, done=True)

    def _work(self) -> None:
        while True:
            request = self._waiting.get()
            try:
                request.check()
                self._end(request, **self._answer(request))
            except Cancelled:
                pass
            except Exception as error:  # boundary: it costs this request only
                self._end(request, **_told(error))
            if request.fields["do"] == "bye":
                return

    def _answer(self, request: _Request) -> dict[str, object]:
        kind = request.fields["do"]
        if kind == "hello":
            return _hello(request.fields)
        if kind == "localize":
            return self._localize(request)
        if kind == "bye":
            return {"done": True}
        raise InputError(
            "There is no such request; there are hello, localize, cancel and bye.",
            remedy=_BAD_REQUEST,
        )

    def _localize(self, request: _Request) -> dict[str, object]:
        """Answer the findings on one film into the output folder, and say what was written."""
        from afloc_desktop.core.export.results import ResultsFolder, answer_prompt
        from afloc_desktop.engine_films import read_film
        from afloc_desktop.state.gate import check_kind, kind_of

        fields = request.fields
        output = fields.get("output")
        if not isinstance(output, str) or not output:
            raise InputError("The request names no output folder.", remedy=_BAD_REQUEST)
        image = read_film(fields)
        request.check()
        localizer = self._localizer(fields, kind_of(image, None))
        image = check_kind(image, localizer.manifest.modality)
        prompts = _prompts(fields, localizer)
        answers = []
        for index, prompt in enumerate(prompts, start=1):
            request.check()
            answers.append(answer_prompt(localizer, image, prompt, check=request.check))
            self._tell(request, progress=index / len(prompts))
        request.check()
        results = ResultsFolder(Path(output), frozenset(("json", "npz")))
        results.add(image, localizer, answers)
        return {
            "results": results.finish([]),
            "provider": _ran_on(fields, localizer),
            # A misspelt field is as if it were left out, which must not pass unnoticed.
            "ignored": sorted(fields.keys() - _FIELDS),
        }

    def _localizer(self, fields: dict[str, Any], kind: Kind) -> Localizer:
        """The bundle and provider asked for, else what is made for that kind of image.

        Only the latest stays in memory.
        """
        from afloc_desktop.state.models import open_default
        from afloc_desktop.state.paths import Paths

        bundle, provider = fields.get("bundle"), fields.get("provider", "auto")
        if not isinstance(bundle, str | None) or not isinstance(provider, str):
            raise InputError("'bundle' or 'provider' is no name.", remedy=_BAD_REQUEST)
        wanted = bundle or kind, provider
        if self._model is None or self._model[0] != wanted:
            self._model = None
            opened = open_default(Paths.default(), bundle_id=bundle, provider=provider, kind=kind)
            self._model = wanted, opened
        return self._model[1]

    def _end(self, request: _Request, **answer: object) -> None:
        """The last answer to a request; a second one is not said."""
        with self._writing:
            if not request.is_over:
                self._write(request, answer)
                request.is_over = True
            if self._open.get(request.id) is request:
                del self._open[request.id]

    def _tell(self, request: _Request, **answer: object) -> None:
        """An answer before the last."""
        with self._writing:
            if not request.is_over:
                self._write(request, answer)

    def _write(self, request: _Request, answer: dict[str, object]) -> None:
        line = json.dumps({"id": request.id, **answer}, allow_nan=False)
        # A front end that closed its ears may still be sending; the end of the input decides.
        with suppress(BrokenPipeError):
            self._target.write(line.encode() + b"\n")
            self._target.flush()


def _told(error: Exception) -> dict[str, object]:
    name = type(error).__name__
    if isinstance(error, AflocError):
        return {"error": name, "reason": error.reason, "remedy": error.remedy}
    reason = f"A defect of the engine ({name})."
    return {"error": name, "reason": reason, "remedy": "Report it, please."}


def _hello(fields: dict[str, Any]) -> dict[str, object]:
    """Who answers, what it can be asked, and whether both sides mean the same by it."""
    who: dict[str, object] = {"protocol": PROTOCOL, "app_version": __version__}
    if fields.get("protocol", PROTOCOL) != PROTOCOL:
        error = InputError(
            f"This engine (AFLoc {__version__}) speaks protocol {PROTOCOL}; "
            f"the front end speaks {fields['protocol']!r}.",
            remedy="Update whichever of the two is older.",
        )
        return {**_told(error), **who}
    from afloc_desktop.core.model.session import available_providers
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.models import installed, sample_study
    from afloc_desktop.state.paths import Paths

    paths = Paths.default()
    bundles = [
        {
            "id": bundle.manifest.id,
            "version": bundle.manifest.version,
            "title": bundle.manifest.title,
            "sha256": bundle.sha256,
            "modality": bundle.manifest.modality,
            "dicom_modalities": bundle.manifest.dicom_modalities,
            "findings": [
                {"id": f.id, "label": f.label, "group": f.group, "is_default": f.is_default}
                for f in bundle.manifest.findings
            ],
        }
        for bundle in (entry.bundle for entry in installed(paths))
        if bundle is not None
    ]
    return {
        **who,
        "bundles": bundles,
        "bundle": _chosen(paths, "cxr"),
        "bundle_for": {kind: _chosen(paths, kind) for kind in get_args(Kind)},
        "providers": available_providers(),
        "sample_study": str(sample_study()),
    }


def _chosen(paths: Paths, kind: Kind) -> str | None:
    """Id of the bundle that answers for a kind of image where a request names none."""
    from afloc_desktop.core.model.bundle import open_bundle
    from afloc_desktop.state.models import find

    try:
        return find(paths, None, open_bundle, kind).manifest.id
    except BundleError:
        return None


def _ran_on(fields: dict[str, Any], localizer: Localizer) -> dict[str, str]:
    """What was asked for, what answered, and why it is something else where it is."""
    asked = fields.get("provider", "auto")
    return {"asked": asked, "used": localizer.provider, "fallback": localizer.fallback}


def _prompts(fields: dict[str, Any], localizer: Localizer) -> list[Prompt]:
    from afloc_desktop.core.domain import Prompt

    wanted = fields.get("findings")
    if wanted is None:
        return [Prompt(finding.label, "preset") for finding in localizer.manifest.findings]
    is_words = isinstance(wanted, list) and all(isinstance(w, str) and w.strip() for w in wanted)
    if not is_words or not wanted:
        raise InputError("'findings' is no list of words.", remedy=_BAD_REQUEST)
    return [Prompt(words, "typed") for words in wanted]


if __name__ == "__main__":
    main()
