"""One engine and one film at a time: from a volume and words to nodes of the scene.

Names are as Slicer has them: scripts call these methods on the module's logic.
"""

from __future__ import annotations

import logging
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from AFLocLib.client import PROTOCOL, Cancelled, EngineClient, EngineError
from AFLocLib.film import FILE, film_request
from AFLocLib.installation import find_engine
from AFLocLib.scene import draw_results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slicer import vtkMRMLScalarVolumeNode

    from AFLocLib.scene import Drawn

_LONGEST_S = 600.0
_START_S = 60.0  # from a cold disk, with a virus scanner in between


class Session:
    """An engine, started when it is asked for, and what is asked of it.

    Attributes:
        hello: What the engine says of itself; empty without one.
    """

    def __init__(self):
        self.hello: dict[str, Any] = {}
        self._client: EngineClient | None = None
        self._request: int | None = None

    @property
    def isConnected(self) -> bool:
        """Whether an engine that speaks our protocol is running."""
        return self._client is not None and self._client.is_running and bool(self.hello)

    @property
    def isWaiting(self) -> bool:
        """Whether answers of the engine are still to come."""
        return self._client is not None and self._client.is_waiting

    @property
    def isBusy(self) -> bool:
        """Whether a film is being asked."""
        return self._request is not None

    def start(
        self,
        chosen: str,
        done: Callable[[dict[str, Any]], None],
        failed: Callable[[EngineError], None],
    ) -> None:
        """Start the engine and make sure that both sides mean the same; `poll` calls back.

        Args:
            chosen: Path of its program; empty for whatever is found.
            done: Gets what the engine says of itself.
            failed: There is none, it does not start, or it speaks another protocol.
        """
        self.close()
        # Slicer's own libraries and Python are not for other programs.
        environment = slicer.util.startupEnvironment()
        engine = find_engine(chosen, environment)

        def greet(hello: dict[str, Any]) -> None:
            self.hello = hello
            done(hello)

        try:
            if engine is None:
                raise _no_engine()
            client = EngineClient(engine.command, None if engine.is_in_slicer else environment)
        except EngineError as error:
            failed(error)
            return
        self._client = client
        client.request({"do": "hello", "protocol": PROTOCOL}, done=greet, failed=failed)

    def connect(self, chosen: str = "") -> None:
        """Start the engine and wait for it, for scripts.

        Raises:
            EngineError: As `start` says.
        """
        outcome: list[Any] = []
        self.start(chosen, outcome.append, outcome.append)
        self._wait(outcome, _START_S)

    def localize(
        self,
        volume: vtkMRMLScalarVolumeNode,
        findings: Sequence[str],
        *,
        frame: int = 1,
        provider: str = "auto",
        source: str = FILE,
        callbacks: tuple[
            Callable[[Drawn, dict], None], Callable[[EngineError], None], Callable[[float], None]
        ],
    ) -> None:
        """Ask one film; `poll` calls back with what was drawn, an error, or a share of the work.

        Raises:
            EngineError: There is no connection, or the film cannot be handed over.
        """
        if not self.isConnected:
            raise _no_engine()
        if self.isBusy:
            raise EngineError("A film is being asked.", "Wait for it, or cancel.")
        done, failed, progress = callbacks
        with ExitStack() as undone:
            name = tempfile.TemporaryDirectory(prefix="afloc-", ignore_cleanup_errors=True)
            folder = Path(undone.enter_context(name))
            film = film_request(volume, frame, folder, source)
            remove = undone.pop_all().close

        def finish(answer: dict[str, Any]) -> None:
            self._request = None
            try:
                # By itself and not by its id, which a node of the next scene may have.
                if not slicer.mrmlScene.IsNodePresent(volume):
                    raise EngineError("The film is no longer in the scene.", "Load it again.")
                results = {**answer["results"], "fallback": answer["provider"]["fallback"]}
                drawn = draw_results(results, folder, volume, frame)
            except EngineError as error:
                failed(error)
            else:
                done(drawn, results)
            finally:
                remove()

        def stop(error: EngineError) -> None:
            self._request = None
            remove()
            if not isinstance(error, Cancelled):
                logging.error("AFLoc: %s", error.reason)
            failed(error)

        fields = {
            "do": "localize",
            **film,
            "findings": list(findings),
            "provider": provider,
            "output": str(folder),
        }
        self._request = self._client.request(fields, done=finish, failed=stop, progress=progress)

    def localizeNow(self, volume, findings, **options) -> Drawn:
        """Ask one film and wait, for scripts.

        Raises:
            EngineError: It could not be done.
        """
        outcome: list[Any] = []
        callbacks = (
            lambda drawn, results: outcome.append(drawn),
            outcome.append,
            lambda share: None,
        )
        self.localize(volume, findings, **options, callbacks=callbacks)
        return self._wait(outcome, _LONGEST_S)

    def poll(self) -> None:
        """Take what the engine said since the last time; called by a timer."""
        if self._client is not None:
            self._client.poll()

    def cancel(self) -> None:
        """Stop what is being asked; its error is `Cancelled`."""
        if self._request is not None:
            self._client.cancel(self._request)

    def close(self) -> None:
        """End the engine; what is still asked of it fails."""
        self.hello = {}
        if self._client is not None:
            client, self._client = self._client, None
            client.close()

    def _wait(self, outcome: list[Any], seconds: float) -> Any:
        """The one entry that `outcome` gets from a callback; raised where it is an error."""
        deadline = time.monotonic() + seconds
        while not outcome:
            self._client.poll(0.1)
            if not outcome and time.monotonic() > deadline:
                self.close()  # which fails whatever is still asked
        if isinstance(outcome[0], EngineError):
            raise outcome[0]
        return outcome[0]


def _no_engine() -> EngineError:
    return EngineError(
        "AFLoc's engine was not found.",
        "Install AFLoc Desktop, or choose its program `afloc-engine` under Engine.",
    )
