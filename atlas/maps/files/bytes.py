"""Numbers as bytes that compress well."""

from __future__ import annotations

import gzip

import numpy as np

from atlas.numeric.types import Array


def split16(values: Array) -> bytes:
    """Unsigned 16-bit numbers as their low bytes, then their high bytes."""
    wide = values.astype(np.uint16)
    return (wide & 0xFF).astype(np.uint8).tobytes() + (wide >> 8).astype(np.uint8).tobytes()


def differences(values: Array) -> Array:
    """Each value less the one before it, modulo 2^16: what the page sums up again."""
    return np.diff(values.astype(np.int64), prepend=0).astype(np.uint16)


def pack(raw: bytes) -> bytes:
    """gzip, the same bytes for the same content."""
    return gzip.compress(raw, 9, mtime=0)
