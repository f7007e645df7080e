"""Which model a verb asks: the one that is named, else the one made for the kind of image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.cli.common import printable, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.state.gate import Kind

_KINDS = {"cxr": "radiographs", "fundus": "photographs of the retina", "histo": "tissue"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A model, and what it is asked about each image."""

    localizer: Localizer
    prompts: list[Prompt]


class Models:
    """Opens each model for the first image it is to look at, and says which one that is.

    One that is named with `--bundle` looks at everything, and is opened at once.
    """

    def __init__(
        self, chosen: argparse.Namespace, prompts: Callable[[Localizer], list[Prompt]]
    ) -> None:
        self._chosen = chosen
        self._prompts = prompts
        self._open: dict[Kind | None, Asked] = {}
        if chosen.bundle is not None:
            self._open[None] = self._asked(None)

    def for_kind(self, kind: Kind) -> Asked:
        """What looks at images of a kind.

        Raises:
            BundleError: Nothing does.
        """
        if None in self._open:
            return self._open[None]
        if kind not in self._open:
            self._open[kind] = self._asked(kind)
        return self._open[kind]

    def _asked(self, kind: Kind | None) -> Asked:
        localizer = open_for(self._chosen, kind)
        prompts = self._prompts(localizer)
        _warn_of(prompts, localizer)
        return Asked(localizer, prompts)


def open_for(chosen: argparse.Namespace, kind: Kind | None) -> Localizer:
    """Open the model for a kind of image, and say which one it is.

    Args:
        chosen: With `bundle`, `provider` and `resolution`, as `add_model` makes them.
        kind: Not looked at where a bundle is named; None where there is no image.

    Raises:
        BundleError: It cannot be used.
        InferenceError: The provider cannot be used.
    """
    from afloc_desktop.state.models import open_default
    from afloc_desktop.state.paths import Paths

    localizer = open_default(
        Paths.default(),
        provider=chosen.provider,
        bundle_id=chosen.bundle,
        resolution=chosen.resolution,
        kind=kind,
    )
    if localizer.fallback:
        say(f"{localizer.fallback} {localizer.provider} answers.")
    if kind is not None and chosen.bundle is None:
        manifest = localizer.manifest
        say(f"{_KINDS[kind]}: {manifest.id} {manifest.version} answers ({manifest.title})")
    return localizer


def _warn_of(prompts: Sequence[Prompt], localizer: Localizer) -> None:
    """Say what a model cannot do with the words, once for all its images."""
    for prompt in prompts:
        for warning in localizer.understand(prompt.words).warnings:
            say(f"warning {printable(prompt.words)}: {warning}")
