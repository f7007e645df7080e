"""The two networks of a bundle, run by onnxruntime."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from afloc_desktop.core.errors import BundleCorrupt, Cancelled, InferenceError
from afloc_desktop.core.model.bundle import load_arrays
from afloc_desktop.core.model.runtime import CPU, PROVIDERS, give_back_freed, onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.core.model.kept import KeptGraphs

Precision = Literal["float32", "int8"]
# `image.onnx` gives every output its maker knows. A bundle may bring, beside it, the part that
# heatmaps are made of: onnxruntime runs a graph whole, whichever outputs it is asked for.
WHOLE = "image.onnx"
PATCHES: dict[Precision, str] = {"float32": "patches.onnx", "int8": "patches.int8.onnx"}
LARGE_BYTES = 20 << 20  # of a graph that takes long to open
NET_SIZE = "net_size"  # input with a default: rows and columns that films have in the network
_POLL_S = 0.02


def available_providers() -> tuple[str, ...]:
    """Short names of what this installation could run on, best first; `cpu` is always there."""
    offered = set(onnxruntime().get_available_providers())
    return tuple(short for short, name in PROVIDERS.items() if name in offered)


class Sessions:
    """The image and text networks of one bundle on one provider. Not thread-safe.

    Attributes:
        provider: What really runs, as onnxruntime names it, read back from the session.
        precision: Of the image network.
        is_kept: The image network was opened as it is kept on this machine.
        takes_other_sizes: The image network can be run at another size than its own.
        runs_on: Provider and precision, for the reader.
    """

    def __init__(
        self,
        bundle: Bundle,
        provider: str,
        *,
        precision: Precision = "float32",
        kept: KeptGraphs | None = None,
    ) -> None:
        """Load the image network; the text network waits for the first typed prompt.

        Args:
            bundle: Verified.
            provider: One of `PROVIDER_CHOICES`; `auto` takes the best that works.
            precision: `int8` for bundles that `has_int8` only, on the CPU.
            kept: Where graphs laid out for this processor are; None to do without. The bundle's
                own file is verified all the same.

        Raises:
            InferenceError: The provider asked for is not usable here.
            BundleCorrupt: The graph cannot be loaded on the CPU either.
        """
        self._bundle = bundle
        name = PATCHES[precision]
        self._graph = name if name in bundle.manifest.files else WHOLE
        self._kept = kept if provider == "cpu" else None
        with ThreadPoolExecutor(1) as beside:  # both files are hashed at once
            verified = beside.submit(bundle.path, self._graph)
            laid_out = self._kept and self._kept.find(bundle.manifest.files[self._graph])
            source = verified.result()
        self._image = _open(laid_out, CPU, is_kept=True)[0] if laid_out else None
        self.is_kept = self._image is not None
        self.provider = CPU
        if self._image is None:
            self._image, self.provider = _open_best(source, provider)
        self.precision = precision
        self.runs_on = self.provider if precision == "float32" else f"{self.provider} {precision}"
        changeable = [entry.name for entry in self._image.get_overridable_initializers()]
        self.takes_other_sizes = NET_SIZE in changeable
        self._text: Any = None

    def encode_patches(
        self,
        tensor: FloatArray,
        *,
        net_side: int | None = None,
        check: Callable[[], None] | None = None,
    ) -> FloatArray:
        """What heatmaps are made of, shape (D, grid, grid), of one input (1, C, rows, columns).

        Args:
            tensor: As `preprocess.prepare` makes it.
            net_side: Rows and columns the film has in the network; None for the network's own.
                Only where `takes_other_sizes`.
            check: Asked every now and then, from another thread; stops the run by raising
                `Cancelled`.

        Raises:
            InferenceError: The run failed or gave no finite numbers.
        """
        feeds: dict[str, Any] = {"image": tensor}
        if net_side is not None:
            feeds[NET_SIZE] = np.array([net_side, net_side], np.int64)
        level = self._bundle.manifest.heatmap.level
        patches: FloatArray = _run(self._image, level, feeds, check)[0]
        return patches

    def encode_text(
        self,
        ids: Sequence[Sequence[int]],
        mask: Sequence[Sequence[int]],
        *,
        check: Callable[[], None] | None = None,
    ) -> FloatArray:
        """Text vectors, shape (texts, D); of unit length where the bundle compares by cosine.

        Args:
            ids, mask: As the tokenizer gives them.
            check: As for `encode_patches`.

        Raises:
            InferenceError: The run failed or gave no finite numbers.
        """
        return self._read("text", ids, mask, check)

    def encode_sentence(
        self, ids: Sequence[Sequence[int]], mask: Sequence[Sequence[int]]
    ) -> FloatArray:
        """What texts mean to the encoder alone, shape (texts, E), unit length; gated bundles only.

        Raises:
            InferenceError: The run failed or gave no finite numbers.
        """
        return self._read("sentence", ids, mask, None)

    @property
    def is_large(self) -> bool:
        """The image network takes long to open, unless it is kept."""
        return (self._bundle.folder / self._graph).stat().st_size >= LARGE_BYTES

    def keep(self) -> None:
        """Keep the image network as it is laid out for this processor, for later starts.

        Only where it computes the very numbers of this one on the example of the self-test.

        Raises:
            BundleError: The bundle's files are not what they were.
            InferenceError: The network cannot be run.
        """
        if self._kept is None or self.is_kept:
            return
        source = self._bundle.path(self._graph)
        level = self._bundle.manifest.heatmap.level
        tensor = np.asarray(load_arrays(self._bundle, "selftest.npz")["tensor"], np.float32)
        wanted = self.encode_patches(tensor)

        def write(graph: Path, weights: str) -> bool:
            return _open(source, CPU, written=(graph, weights))[0] is not None

        def is_same(graph: Path) -> bool:
            session, _ = _open(graph, CPU, is_kept=True)
            if session is None:
                return False
            return np.array_equal(_run(session, level, {"image": tensor}, None)[0], wanted)

        self._kept.make(self._bundle.manifest.files[self._graph], write, is_same)

    def _read(
        self,
        output: str,
        ids: Sequence[Sequence[int]],
        mask: Sequence[Sequence[int]],
        check: Callable[[], None] | None,
    ) -> FloatArray:
        if self._text is None:
            # On the CPU always: one short text is quicker there than the way to a device.
            self._text, _ = _open_best(self._bundle.path("text.onnx"), "cpu")
        feeds = {
            "input_ids": np.asarray(ids, np.int64),
            "attention_mask": np.asarray(mask, np.int64),
        }
        return _run(self._text, output, feeds, check)


def has_int8(bundle: Bundle) -> bool:
    """Whether a bundle brings an 8-bit image network."""
    return PATCHES["int8"] in bundle.manifest.files


def _open_best(graph: Path, provider: str) -> tuple[Any, str]:
    candidates = available_providers() if provider == "auto" else (provider,)
    for short in candidates:
        session, why = _open(graph, PROVIDERS.get(short, short))
        if session is not None:
            return session, str(session.get_providers()[0])
    if candidates[-1] == "cpu":
        raise BundleCorrupt(
            f"{graph.name} cannot be loaded: {why}", remedy="Get the bundle again from its maker."
        )
    raise InferenceError(
        f"The provider {provider!r} is not usable here: {why}",
        remedy=f"Choose one of: {', '.join(('auto', *available_providers()))}.",
    )


def _open(
    graph: Path,
    provider: str,
    *,
    is_kept: bool = False,
    written: tuple[Path, str] | None = None,
) -> tuple[Any, str]:
    """A session that really uses `provider`, or None and why not.

    Args:
        graph: Verified.
        provider: As onnxruntime names it.
        is_kept: The graph is laid out for this processor already.
        written: Where to write it laid out, and under which name its weights beside it.
    """
    runtime = onnxruntime()
    if provider not in runtime.get_available_providers():
        return None, "this installation of onnxruntime does not offer it."
    options = _options(is_kept)
    if written is not None:
        _write_to(options, *written)
    wanted = [provider] if provider == CPU else [provider, CPU]
    try:
        session = runtime.InferenceSession(str(graph), options, providers=wanted)
    except Exception as error:
        return None, f"{type(error).__name__}."
    give_back_freed()
    # Asking for an absent device only warns and gives a CPU session.
    if session.get_providers()[0] != provider:
        return None, "onnxruntime fell back to the CPU."
    return session, ""


def _options(is_kept: bool) -> Any:
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    # Threads wait for each other's layers awake, and sleep as soon as the run is over: a click
    # after a pause is up to 1.8 times as quick, and no core burns between clicks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # The arena takes a film's scratch memory up again for the next one, and is no quicker or
    # slower. A plan of it all in one block, drawn up in the first run, takes half as much again.
    options.enable_mem_pattern = False
    if is_kept:
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _write_to(options: Any, graph: Path, weights: str) -> None:
    options.optimized_model_filepath = str(graph)
    key = "session.optimized_model_external_initializers_"
    options.add_session_config_entry(f"{key}file_name", weights)
    options.add_session_config_entry(f"{key}min_size_in_bytes", "1024")  # shapes stay in the graph


def _run(
    session: Any, output: str, feeds: dict[str, Any], check: Callable[[], None] | None
) -> FloatArray:
    options = onnxruntime().RunOptions()
    is_over = threading.Event()

    def watch(check: Callable[[], None]) -> None:
        while not is_over.wait(_POLL_S):
            try:
                check()
            except Cancelled:
                options.terminate = True
                return

    if check is not None:
        threading.Thread(target=watch, args=(check,), name="afloc-watch", daemon=True).start()
    try:
        answer: FloatArray = session.run([output], feeds, options)[0]
    except Exception as error:
        if options.terminate:
            raise Cancelled from None
        raise InferenceError(
            f"The model could not be run: {type(error).__name__}.",
            remedy="Run `afloc self-test`; choose the CPU as provider if a device is at fault.",
        ) from error
    finally:
        is_over.set()
    if not np.isfinite(answer).all():
        raise InferenceError(
            "The model answered with numbers that are not finite.",
            remedy="Run `afloc self-test`; choose the CPU as provider if a device is at fault.",
        )
    return answer
