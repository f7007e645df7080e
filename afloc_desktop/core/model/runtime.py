"""The only door to onnxruntime, with its telemetry off before it is loaded."""

from __future__ import annotations

import os
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
