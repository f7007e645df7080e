"""Words of a PDF document, read in a process of its own: a hostile one costs itself alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys

from afloc_desktop.core.errors import UnreadableFile

_LARGEST = 50_000_000
_MOST_PAGES = 100
_LONGEST = 200_000
_TIMEOUT_S = 30
# The word under which a frozen trainer, which is its own Python, becomes the reader.
READER_VERB = "read-pdf"


def pdf_text(data: bytes) -> str:
    """The text of a PDF document; empty where it holds scanned pages alone.

    Raises:
        UnreadableFile: Damaged, encrypted, too large, or too slow; or the reader is not installed.
    """
    if len(data) > _LARGEST:
        raise UnreadableFile("The document is too large for a report.", remedy="Leave it out.")
    try:
        done = subprocess.run(
            [sys.executable, *_words()],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise UnreadableFile(
            "The words of the PDF document cannot be read.",
            remedy="Give the report as text; reading PDF needs pypdf, and no password.",
        )
    return str(answer["text"])


def serve() -> int:
    """Be the reader: a document on stdin, its words as JSON on stdout."""
    sys.stdout.write(json.dumps({"text": _read(sys.stdin.buffer.read())}))
    return 0


def _words() -> tuple[str, ...]:
    is_frozen = getattr(sys, "frozen", False)
    return (READER_VERB,) if is_frozen else ("-m", "afloc_training.site.pdf_text")


def _read(data: bytes) -> str:
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(data)).pages
    texts: list[str] = []
    for number in range(min(len(pages), _MOST_PAGES)):
        texts.append(pages[number].extract_text())
        if sum(map(len, texts)) > _LONGEST:
            break
    return "\n\n".join(texts)[:_LONGEST]


if __name__ == "__main__":
    sys.exit(serve())
