"""Arrays as bytes that compress well."""

from __future__ import annotations

import gzip

import numpy as np

from atlas.numeric.types import Array


def split16(values: Array) -> bytes:
    """Values (n,), modulo 2^16, as their low bytes, then their high bytes."""
    return planes(values.astype(np.uint16), 2)


def planes(values: Array, count: int) -> bytes:
    """Values, modulo 2^(8 count), as `count` planes of bytes, the lowest first."""
    wide = values.astype(np.int64)
    return b"".join(((wide >> (8 * k)) & 0xFF).astype(np.uint8).tobytes() for k in range(count))


def differences(values: Array) -> Array:
    """The difference of each value (n,) to the one before it, modulo 2^16, as (n,) uint16."""
    return np.diff(values.astype(np.int64), prepend=0).astype(np.uint16)


def shares(values: Array) -> bytes:
    """Shares from 0 to 1 as bytes from 0 to 255; other values are clipped."""
    return planes(np.round(np.clip(values, 0, 1) * 255), 1)


def pack(raw: bytes) -> bytes:
    """The bytes gzipped, without a time, so that equal content gives equal files."""
    packed = bytearray(gzip.compress(raw, 9, mtime=0))
    packed[9] = 255  # the system: unknown, whatever this Python would say (RFC 1952)
    return bytes(packed)
