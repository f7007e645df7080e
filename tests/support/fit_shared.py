"""`afloc-train fit` of the miniature network, for torchrun to start several of."""

from __future__ import annotations

import sys

from afloc_stores import MINIATURE
from afloc_training.cli import main
from afloc_training.fitting import start

start.PRESETS = {"tiny": MINIATURE}
sys.exit(main())
