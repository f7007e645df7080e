"""The two networks of a bundle, run by onnxruntime."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.errors import BundleCorrupt, InferenceError
from afloc_desktop.core.model.runtime import CPU, PROVIDERS, onnxruntime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.model.bundle import Bundle


def available_providers() -> tuple[str, ...]:
    """Short names of what this installation could run on, best first; `cpu` is always there."""
    offered = set(onnxruntime().get_available_providers())
    return tuple(short for short, name in PROVIDERS.items() if name in offered)


class Sessions:
    """The image and text networks of one bundle on one provider. Not thread-safe.

    Attributes:
        provider: What really runs, as onnxruntime names it, read back from the session.
    """

    def __init__(self, bundle: Bundle, provider: str) -> None:
        """Load the image network; the text network waits for the first typed prompt.

        Args:
            bundle: Verified.
            provider: One of `PROVIDER_CHOICES`; `auto` takes the best that works.

        Raises:
            InferenceError: The provider asked for is not usable here.
            BundleCorrupt: The graph cannot be loaded on the CPU either.
        """
        self._bundle = bundle
        self._image, self.provider = _open_best(bundle, "image.onnx", provider)
        self._text: Any = None

    def encode_image(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """Outputs of the image network by name, for one input of shape (1, C, rows, columns).

        Raises:
            InferenceError: The run failed or gave no finite numbers.
        """
        names = self._bundle.manifest.image_outputs
        return dict(zip(names, _run(self._image, names, {"image": tensor}), strict=True))

    def encode_text(
        self, ids: Sequence[Sequence[int]], mask: Sequence[Sequence[int]]
    ) -> FloatArray:
        """Text vectors, shape (texts, D); of unit length where the bundle compares by cosine.

        Raises:
            InferenceError: The run failed or gave no finite numbers.
        """
        if self._text is None:
            # On the CPU always: one short text is quicker there than the way to a device.
            self._text, _ = _open_best(self._bundle, "text.onnx", "cpu")
        feeds = {
            "input_ids": np.asarray(ids, np.int64),
            "attention_mask": np.asarray(mask, np.int64),
        }
        return _run(self._text, ("text",), feeds)[0]


def _open_best(bundle: Bundle, name: str, provider: str) -> tuple[Any, str]:
    graph = bundle.read(name)
    candidates = available_providers() if provider == "auto" else (provider,)
    for short in candidates:
        session, why = _open(graph, PROVIDERS.get(short, short))
        if session is not None:
            return session, str(session.get_providers()[0])
    if candidates[-1] == "cpu":
        raise BundleCorrupt(
            f"{name} cannot be loaded: {why}", remedy="Get the bundle again from its maker."
        )
    raise InferenceError(
        f"The provider {provider!r} is not usable here: {why}",
        remedy=f"Choose one of: {', '.join(('auto', *available_providers()))}.",
    )


def _open(graph: bytes, provider: str) -> tuple[Any, str]:
    """A session that really uses `provider`, or None and why not."""
    runtime = onnxruntime()
    if provider not in runtime.get_available_providers():
        return None, "this installation of onnxruntime does not offer it."
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    # Idle threads would spin on a core the window needs; a single click is some 20 ms slower.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = [provider] if provider == CPU else [provider, CPU]
    try:
        session = runtime.InferenceSession(graph, options, providers=wanted)
    except Exception as error:
        return None, f"{type(error).__name__}."
    # Asking for an absent device only warns and gives a CPU session.
    if session.get_providers()[0] != provider:
        return None, "onnxruntime fell back to the CPU."
    return session, ""


def _run(session: Any, names: Sequence[str], feeds: dict[str, Any]) -> list[FloatArray]:
    try:
        outputs: list[FloatArray] = session.run(list(names), feeds)
    except Exception as error:
        raise InferenceError(
            f"The model could not be run: {type(error).__name__}.",
            remedy="Run `afloc self-test`; choose the CPU as provider if a device is at fault.",
        ) from error
    if not all(np.isfinite(output).all() for output in outputs):
        raise InferenceError(
            "The model answered with numbers that are not finite.",
            remedy="Run `afloc self-test`; choose the CPU as provider if a device is at fault.",
        )
    return outputs
