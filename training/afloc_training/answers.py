"""Questions about a film with their answers, as the sentences they come to.

Some collections describe a film by questions and answers instead of a report. "Is there a pleural
effusion? No." says no less than "There is no pleural effusion."; what cannot be turned into a
sentence for certain is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from afloc_desktop.core.sentences import split_sentences
from afloc_desktop.core.wording import is_negated, parse_place
from afloc_training.vocabulary import capitalised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from afloc_desktop.core.wording import Phrasebook

# Where a question or an answer ends for certain, whatever letter comes behind it.
_ENDS = re.compile(r"(?:(?<=\?)|(?<=\b(?:yes|Yes)\.)|(?<=\b(?:no|No)\.))\s+")
# The question mark is sometimes forgotten: "Is there a mass yes."
_UNMARKED = re.compile(r"^(?:is|are|does|do|has|can)\b[^?]* (?:yes|no)\.?$", re.IGNORECASE)
# What a question asks about that has another usual name as a thing.
_THINGS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "heart enlargement",
        re.compile(
            r"\b(?:heart|cardiac silhouette)(?: size| shadow)?\b.*"
            r"\b(?:enlarged|abnormally large|too big|larger than normal|increased)\b",
            re.IGNORECASE,
        ),
    ),
    ("hyperinflation", re.compile(r"\blungs?(?: fields?)?\b.*\bhyperinflated\b", re.IGNORECASE)),
    (
        "costophrenic angle blunting",
        re.compile(r"\bblunting of\b.*\bcostophrenic|\bcostophrenic.*\bblunt", re.IGNORECASE),
    ),
)
_ASKS_WHETHER = re.compile(
    r"^(?:(?:is|are|was|were) (?:there|this)|(?:can|do|does) (?:you|(?:this|the) [\w-]+)"
    r" (?:see|have|show|appreciate|display)|can|is|are)\s+(?P<thing>.+)$",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:(?:any|the|(?:evidence|presence|signs) of)\s+)+", re.IGNORECASE)
_ARTICLE = re.compile(r"^an?\s+", re.IGNORECASE)
_OF_THE_QUESTION = re.compile(
    r"\s+(?:(?:be )?(?:present|seen|shown|noted|depicted|appreciated|visible)\b|anywhere\b"
    r"|(?:in|on) (?:the (?:above )?image|this (?:image|patient|(?:chest )?x-?ray))\b)",
    re.IGNORECASE,
)
# What may stand behind the finding; other words say something of it that a denial would deny.
_BEHIND = re.compile(r"\s*(?:(?:in|on|of|at|near|under|underneath|located)\b.*)?", re.IGNORECASE)
_ASKS_WHAT = re.compile(r"\b(?:what|describe|name)\b.*\b(?:patholog|abnormal|wrong)", re.IGNORECASE)
_ASKS_WHERE = re.compile(
    r"^(?:where (?:is|are)|in wh(?:ich|at)|wh(?:ich|at) (?:side|lung|lobe)|what is the location)\b",
    re.IGNORECASE,
)
# More on one side, or beside something else: not where it is. What shows it, or of which kind it
# is: not whether it is there.
_ASKS_ELSE = re.compile(
    r"\b(?:more|most|least|higher|largest|or|vs|indicates?|sign|why|how|these|those|diagnose"
    r"|pathologic|tension)\b",
    re.IGNORECASE,
)
_AT = re.compile(r"^(?:in|on|at)\s+(?:the\s+)?", re.IGNORECASE)
_OF_A_SIDE = re.compile(r"(?:right|left)(?: side)?", re.IGNORECASE)
_PLACE_FIRST = re.compile(r"(?:right|left|upper|mid|middle|lower|retrocardiac)\b", re.IGNORECASE)


def answered(text: str, book: Phrasebook) -> tuple[str, ...]:
    """The sentences that questions and answers come to, each once.

    Args:
        text: Questions, each followed by its answer.
        book: The names of the findings that a question may be about.
    """
    found = (_sentence(question, answer, book) for question, answer in _pairs(text))
    return tuple(dict.fromkeys(sentence for sentence in found if sentence))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Questions without their mark, and answers without their full stop."""
    question = ""
    for part in (s for half in _ENDS.split(text) for s in split_sentences(half)):
        if part.endswith("?"):
            question = part.rstrip("? ")
        elif _UNMARKED.match(part):
            whole, _, answer = part.rpartition(" ")
            yield whole, answer.rstrip(".")
        elif question:
            yield question, part.rstrip(". ")
            question = ""


def _sentence(question: str, answer: str, book: Phrasebook) -> str | None:
    if _ASKS_ELSE.search(question) or is_negated(question):
        return None
    if answer.lower() in ("yes", "no"):
        return _stated(question, answer.lower() == "no", book)
    if _ASKS_WHERE.match(question):
        return _placed(question, answer, book)
    return capitalised(f"{answer}.") if _ASKS_WHAT.search(question) else None


def _stated(question: str, is_denied: bool, book: Phrasebook) -> str | None:
    """That what a question asks after is there, or is not."""
    for name, pattern in _THINGS:
        if pattern.search(question):
            thing = " ".join(filter(None, (parse_place(question).side, name)))
            return f"There is no {thing}." if is_denied else f"There is {thing}."
    whole = _ASKS_WHETHER.match(question)
    if whole is None:
        return None
    thing = _LEADING.sub("", _OF_THE_QUESTION.sub("", whole["thing"]))
    mentions, _ = book.find(thing)
    if not mentions:
        return None
    if not _BEHIND.fullmatch(thing[thing.rindex(mentions[-1].words) + len(mentions[-1].words) :]):
        return None
    verb = "are" if question.lower().startswith("are") else "is"
    return f"There {verb} no {_ARTICLE.sub('', thing)}." if is_denied else f"There {verb} {thing}."


def _placed(question: str, answer: str, book: Phrasebook) -> str | None:
    """Where a finding lies that the question takes for granted."""
    mentions, _ = book.find(question)
    if len(mentions) != 1:
        return None
    place = _AT.sub("", answer)
    if parse_place(place).side == "bilateral":
        where = "both lungs"
    elif _OF_A_SIDE.fullmatch(place):
        where = f"the {place.split()[0].lower()} lung"
    elif _PLACE_FIRST.match(place):
        where = f"the {place[:1].lower()}{place[1:]}"
    else:
        return None
    return capitalised(f"{mentions[0].words} in {where}.")
