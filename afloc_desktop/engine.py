"""`afloc-engine`: the engine of the window as JSON lines, for other front ends.

One request a line on stdin, one or more answers a line on stdout, each with the request's `id`:

    {"id": 1, "do": "hello"}
    {"id": 2, "do": "localize", "file": "film.dcm", "frame": 1, "findings": ["effusion"],
     "output": "folder"}
    {"id": 3, "do": "cancel", "request": 2}
    {"id": 4, "do": "bye"}

A request that fails is answered with `error`, `reason` and `remedy`, and costs only itself. The
engine ends when its input does: it never outlives the program that started it.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from afloc_desktop import __version__
from afloc_desktop.core.errors import AflocError, Cancelled, InputError

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.localize import Localizer

PROTOCOL = 1
_BAD_REQUEST = "See the documentation of afloc-engine for the requests it knows."


def main() -> int:
    """Serve stdin and stdout; the entry point `afloc-engine`."""
    return Engine(sys.stdin, sys.stdout).serve()


class Engine:
    """One conversation. Requests run one after the other; `cancel` overtakes them."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._source = source
        self._target = target
        self._requests: queue.Queue[dict[str, Any]] = queue.Queue()
        self._cancelled: set[object] = set()
        self._localizers: dict[tuple[str | None, str], Localizer] = {}
        self._writing = threading.Lock()

    def serve(self) -> int:
        """Answer until `bye` or the end of the input."""
        worker = threading.Thread(target=self._work, name="engine", daemon=True)
        worker.start()
        for line in self._source:
            request = self._parse(line)
            if request is None:
                continue
            if request["do"] == "cancel":
                self._cancelled.add(request.get("request"))
                self._say(request, done=True)
            else:
                self._requests.put(request)
            if request["do"] == "bye":
                break
        else:
            # The parent has gone: nobody waits for what is still under way.
            return 0
        worker.join()
        return 0

    def _parse(self, line: str) -> dict[str, Any] | None:
        if not line.strip():
            return None
        try:
            request = json.loads(line)
            if isinstance(request["do"], str):
                return dict(request)
            raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            self._say({}, error="InputError", reason="A line is no request.", remedy=_BAD_REQUEST)
            return None

    def _work(self) -> None:
        while True:
            request = self._requests.get()
            try:
                self._answer(request)
            except AflocError as error:
                name = type(error).__name__
                self._say(request, error=name, reason=error.reason, remedy=error.remedy)
            except Cancelled:
                self._say(request, cancelled=True)
            except Exception as error:
                name = type(error).__name__
                reason = f"A defect of the engine ({name})."
                self._say(request, error=name, reason=reason, remedy="Report it, please.")
            if request["do"] == "bye":
                return

    def _answer(self, request: dict[str, Any]) -> None:
        if request["do"] == "hello":
            self._hello(request)
        elif request["do"] == "localize":
            self._localize(request)
        elif request["do"] == "bye":
            self._say(request, done=True)
        else:
            raise InputError("There is no such request.", remedy=_BAD_REQUEST)

    def _hello(self, request: dict[str, Any]) -> None:
        from afloc_desktop.core.model.session import available_providers
        from afloc_desktop.state.models import installed
        from afloc_desktop.state.paths import Paths

        bundles = [
            {"id": b.manifest.id, "version": b.manifest.version, "sha256": b.sha256}
            for b in (entry.bundle for entry in installed(Paths.default()))
            if b is not None
        ]
        self._say(
            request,
            protocol=PROTOCOL,
            app_version=__version__,
            bundles=bundles,
            providers=available_providers(),
        )

    def _localize(self, request: dict[str, Any]) -> None:
        """Read one frame, answer its findings into the output folder, say what was written."""
        from afloc_desktop.core.export.results import ResultsFolder, answer_prompt

        def check() -> None:
            if request.get("id") in self._cancelled:
                raise Cancelled

        check()
        image = _read(request)
        localizer = self._open(request)
        prompts = _prompts(request, localizer)
        results = ResultsFolder(Path(_text(request, "output")), frozenset(("json", "npz")))
        answers = []
        for index, prompt in enumerate(prompts):
            check()
            answers.append(answer_prompt(localizer, image, prompt))
            self._say(request, progress=(index + 1) / len(prompts))
        check()
        results.add(image, localizer, answers)
        self._say(request, results=results.finish([]))

    def _open(self, request: dict[str, Any]) -> Localizer:
        from afloc_desktop.state.models import open_default
        from afloc_desktop.state.paths import Paths

        key = (request.get("bundle"), str(request.get("provider", "auto")))
        if key not in self._localizers:
            self._localizers[key] = open_default(Paths.default(), bundle_id=key[0], provider=key[1])
        return self._localizers[key]

    def _say(self, request: dict[str, Any], **answer: object) -> None:
        line = json.dumps({"id": request.get("id"), **answer}, allow_nan=False)
        with self._writing:
            self._target.write(line + "\n")
            self._target.flush()


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"The request lacks {name!r}.", remedy=_BAD_REQUEST)
    return value


def _read(request: dict[str, Any]) -> Image:
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import find_frame

    return read(find_frame(Path(_text(request, "file")), request.get("frame", 1)))


def _prompts(request: dict[str, Any], localizer: Localizer) -> list[Any]:
    from afloc_desktop.core.domain import Prompt

    wanted = request.get("findings")
    if wanted is None:
        return [Prompt(finding.label, "preset") for finding in localizer.manifest.findings]
    if not isinstance(wanted, list) or not all(isinstance(w, str) and w.strip() for w in wanted):
        raise InputError("'findings' is no list of words.", remedy=_BAD_REQUEST)
    return [Prompt(words, "typed") for words in wanted]


if __name__ == "__main__":
    sys.exit(main())
