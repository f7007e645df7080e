"""The colour profile of what we draw in colour."""

from __future__ import annotations

from functools import cache


@cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB, of even length."""
    from PIL import ImageCms

    profile: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + b"\0" if len(profile) % 2 else profile
