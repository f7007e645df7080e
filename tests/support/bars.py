"""Bars that measurements are held to: the stated one, or with air where others use the machine.

In an ordinary run only a clear loss fails a test: the best of three tries has to reach a part of
its bar. With ``AFLOC_BARS=full``, on a machine at rest, it is the stated bar itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AIR = 0.6  # of what has to be reached at least
PATIENCE = 3.0  # times what may be taken at most
ONCE = 20.0  # the same for one try: what comes at once, not the machine, is judged
TRIES = 3
LATEST_S = 60.0  # for what must come, on a machine that others use, too


def is_full() -> bool:
    """Whether the stated bars are to be held."""
    return os.environ.get("AFLOC_BARS") == "full"


def allowed(bar: float, patience: float = PATIENCE) -> float:
    """The most that fails no test where `bar` should not be passed."""
    return bar if is_full() else bar * patience


def hold(
    name: str, measure: Callable[[], float], bar: float, *, air: float = AIR, tries: int = TRIES
) -> float:
    """Fail unless the best of some tries reaches a bar, as "times faster" does; the best."""
    needed = bar if is_full() else bar * air
    return _hold(name, measure, bar, tries, best=max, is_met=lambda value: value >= needed)


def hold_within(
    name: str,
    measure: Callable[[], float],
    bar: float,
    *,
    patience: float = PATIENCE,
    tries: int = TRIES,
) -> float:
    """Fail unless the best of some tries stays within a bar, as seconds do; the best."""
    most = allowed(bar, patience)
    return _hold(name, measure, bar, tries, best=min, is_met=lambda value: value <= most)


@contextmanager
def in_time(name: str, seconds: float, *, patience: float = ONCE) -> Iterator[None]:
    """Fail where the block takes longer: one try, for what cannot be done twice."""
    started = time.perf_counter()
    yield
    took = time.perf_counter() - started
    hold_within(name, lambda: took, seconds, patience=patience, tries=1)


def measured_apart(program: str, argument: Path) -> Any:
    """What a file prints as JSON when it runs as a program, in a process of its own.

    What other tests left to the allocator doubles or halves a time.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, program, str(argument)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=250, env=environment)
    return json.loads(done.stdout)


def _hold(
    name: str,
    measure: Callable[[], float],
    bar: float,
    tries: int,
    *,
    best: Callable[[list[float]], float],
    is_met: Callable[[float], bool],
) -> float:
    values: list[float] = []
    while len(values) < tries and not any(map(is_met, values)):
        values.append(measure())
        print(f"\n{name}: {values[-1]:.3g} (bar {bar:g})")
    assert is_met(best(values)), f"{name}: {best(values):.3g} is too far from {bar:g}"
    return best(values)
