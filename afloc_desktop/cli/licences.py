"""`afloc licences`: what the product is made of, and under which terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.cli.common import DONE, Verbs, add_verb, answer, answer_json

if TYPE_CHECKING:
    import argparse


def add_verbs(verbs: Verbs) -> None:
    """Register the verb of this module."""
    licences = add_verb(
        verbs, "licences", "parts of the product and their licences", "afloc licences --sbom"
    )
    licences.add_argument(
        "--sbom", action="store_true", help="the parts as one CycloneDX document (JSON)"
    )
    licences.set_defaults(run=_licences)


def _licences(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.papers import bill_of_materials, parts_page

    if chosen.sbom:
        answer_json(bill_of_materials())
    else:
        answer(parts_page())
    return DONE
