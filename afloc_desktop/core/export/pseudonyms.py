"""New identities for what leaves without its patient."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The same new identity for the same thing, within one export and never again.

    The key is drawn anew for each export and kept nowhere: nobody can find the way back.
    """

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def uid(self, original: str) -> str:
        """A UID in the place of another; empty stays empty."""
        if not original:
            return ""
        return f"2.25.{uuid.UUID(hex=self.digest(original)[:32], version=5).int}"

    def name(self, original: str) -> str:
        """A short name in the place of a patient's or a reader's."""
        return f"ANON-{self.digest(original)[:10].upper()}"

    def digest(self, original: str) -> str:
        """64 hexadecimal digits in the place of a hash that would give its origin away."""
        text = original.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).hexdigest()
