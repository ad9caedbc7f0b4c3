"""The time of a build."""

from __future__ import annotations

import os
import time

from atlas.errors import AtlasError

_LAST = 253_402_300_799  # the end of the year 9999


def built() -> str:
    """The time of the build; SOURCE_DATE_EPOCH, where set, so that a build can be repeated to the
    byte. Raises AtlasError when that is no time."""
    asked = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if asked and not (asked.isascii() and asked.isdigit() and int(asked[:20]) <= _LAST):
        raise AtlasError(
            f"SOURCE_DATE_EPOCH: {asked[:40]!r} is no number of seconds since 1970",
            "Unset it, or set it to one, such as `git log -1 --format=%ct` prints.",
        )
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(asked or time.time())))
