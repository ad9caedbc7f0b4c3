"""The time of a build."""

from __future__ import annotations

import os
import time


def built() -> str:
    """The time of the build; SOURCE_DATE_EPOCH, where set, so that a build can be repeated to the
    byte."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
