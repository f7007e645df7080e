"""Where a fine-tuning stands, and whether it still gets better on films it does not learn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import CheckpointError
from afloc_training.fitting.fit import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_training.checkpoints import JSON


@dataclass(frozen=True, slots=True)
class TuneStanding:
    """Where a fine-tuning stands between two steps.

    Attributes:
        step: Steps done.
        best: The lowest loss on held-out films so far; None before the first look.
        best_step: After which step that was; 0 before.
        stale: Looks since.
    """

    step: int = 0
    best: float | None = None
    best_step: int = 0
    stale: int = 0

    def after_look(self, loss: float) -> TuneStanding:
        """As it stands once the held-out films came to `loss`."""
        if self.best is None or loss < self.best:
            return replace(self, best=loss, best_step=self.step, stale=0)
        return replace(self, stale=self.stale + 1)

    def as_json(self) -> dict[str, JSON]:
        """Plain values."""
        return asdict(self)


def standing_of(state: Mapping[str, JSON]) -> TuneStanding:
    """What `as_json` gave.

    Raises:
        CheckpointError: It is of another kind of training.
    """
    try:
        best = state["best"]
        if best is not None and type(best) is not float:
            raise TypeError("no loss")
        counts = (whole(state[name]) for name in ("step", "best_step", "stale"))
        step, best_step, stale = counts
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "The checkpoint is of another kind of training.", remedy="Train in another folder."
        ) from error
    return TuneStanding(step, best, best_step, stale)
