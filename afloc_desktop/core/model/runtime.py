"""The only door to onnxruntime, with its telemetry off before it is loaded."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

CPU = "CPUExecutionProvider"
# Short names a reader types, best first, and what onnxruntime calls them.
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": CPU,
}
PROVIDER_CHOICES = ("auto", *PROVIDERS)


def onnxruntime() -> Any:
    """The module `onnxruntime`.

    Recent builds (1.31 on Linux too) carry a telemetry client: unless this variable is set before
    the import, they keep a device id and a queue of events in the user's home, to be sent to
    their maker. An application without a network has neither.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime


def give_back_freed() -> None:
    """Hand freed memory back to the system, where the C library would keep it.

    Reading a graph takes some three times its size for a moment, in pieces too small for glibc to
    return by itself; what the film needs next would come on top.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
        if trim is not None:
            trim(0)
