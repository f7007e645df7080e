"""What the processor computes quickly, as far as the system says it."""

from __future__ import annotations

import os
import re
from pathlib import Path

# Instructions that multiply 8-bit numbers four at a time into 32 bits. Without them 8-bit graphs
# gain little (1.6 times on AVX2) or, with 8-bit weights, overflow.
_INT8 = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
_FLAGS = re.compile(r"^(?:flags|Features)\s*:\s*(.*)$", re.MULTILINE)


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Names of instruction sets as Linux lists them; empty where the system keeps no such list."""
    try:
        found = _FLAGS.search(cpuinfo.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return frozenset()
    return frozenset(found.group(1).split()) if found else frozenset()


def has_int8(flags: frozenset[str]) -> bool:
    """Whether 8-bit graphs run at a multiple of the speed of others; unknown counts as no."""
    return not _INT8.isdisjoint(flags)


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What tells this processor from those that compute otherwise; empty where nothing does."""
    return " ".join(sorted(processor_flags(cpuinfo))) or os.environ.get("PROCESSOR_IDENTIFIER", "")
