"""Tables that are stored in fewer bits, as the formats define them: float8 and int8 with scales,
and MLX's packed integers.

A scale stands for the whole table, for each row, for groups along a row, or for blocks; a value is
its stored number (less the zero point) times the scale, also where the scale is called
`weight_scale_inv` (DeepSeek-V3, transformers' `fp8`). What is defined elsewhere is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from atlas.errors import ModelError
from atlas.numeric.types import Array, Floats

# What may stand beside a quantised weight, by the end of its name: its part in the formats below.
SCALES = ("weight_scale", "weight_scale_inv", "scale_weight", "weight.scale", "SCB", "scales")
ZEROS = ("weight_zero_point", "biases")
# Of activations, which a table of vectors has none of; and marks of a format.
_ASIDE = (
    "input_scale",
    "output_scale",
    "input_zero_point",
    "weight_format",
    "weight_shape",
    "bias",
)

_PART = 4096  # rows at a time


@cache
def float8(kind: str) -> Floats:
    """The 256 values of a float8 type by their byte: `F8_E4M3` (finite only, no infinity),
    `F8_E5M2` or `F8_E8M0` (powers of two). After Micikevicius et al. 2022 and the OCP MX
    specification."""
    byte = np.arange(256)
    if kind == "F8_E8M0":
        values = np.ldexp(1.0, byte - 127)
        values[255] = np.nan
    elif kind == "F8_E5M2":  # the upper half of a float16
        return (byte.astype("<u2") << 8).view("<f2").astype(np.float32)
    else:
        power, part = byte >> 3 & 15, byte & 7
        values = np.where(
            power > 0, np.ldexp(1 + part / 8, power - 7), np.ldexp(part / 8, -6 + 0 * power)
        )
        values[(byte & 127) == 127] = np.nan
        values = np.where(byte > 127, -values, values)
    return values.astype(np.float32)


def scaled(
    name: str, values: Floats, beside: Mapping[str, Array], config: Mapping[str, Any]
) -> Floats:
    """The table (v, d) of its stored numbers, changed in place: each less its zero point and times
    its scale. `beside` holds the tensors that stand beside it by the ends of their names. Raises
    ModelError where no scale is, or one of no known shape."""
    scale = next((beside[end] for end in SCALES if end in beside), None)
    if scale is None:
        raise ModelError(
            f"{name}: is stored in few bits, with no scale beside it that the atlas knows",
            "Use a checkpoint whose embeddings are in float16 or wider.",
        )
    if "SCB" in beside:  # bitsandbytes: the largest absolute value of each row
        scale = scale / np.float32(127)
    rows, columns = _steps(name, values.shape, scale.shape, config)
    scale = np.atleast_2d(scale.reshape(-1, 1) if scale.ndim == 1 else scale)
    zero = beside.get("weight_zero_point")
    if zero is not None:
        zero = np.atleast_2d(zero.reshape(-1, 1) if zero.ndim == 1 else zero)
        if zero.shape != scale.shape:
            raise ModelError(
                f"{name}: its zero points have the shape {zero.shape}, its scales {scale.shape}",
                "Use a checkpoint whose embeddings are in float16 or wider.",
            )
    for begin in range(0, len(values), _PART):
        part = values[begin : begin + _PART]
        own = np.arange(begin, begin + len(part)) // rows
        if zero is not None:
            part -= _spread(zero[own], columns, values.shape[1])
        part *= _spread(scale[own], columns, values.shape[1])
    return values


def unpacked(
    name: str, words: npt.NDArray[np.uint32], scales: Floats, biases: Floats, bits: int
) -> Floats:
    """MLX's affine quantisation: words (v, w) that hold d = 32 w / bits numbers a row, the lowest
    bits first, and a scale and a bias for each of the groups of a row (v, g). Raises ModelError
    where shapes do not fit."""
    rows, width = len(words), words.shape[1] * 32 // bits
    groups = scales.shape[1] if scales.ndim == 2 else 0
    if scales.shape != biases.shape or len(scales) != rows or not groups or width % groups:
        raise ModelError(
            f"{name}: {bits} bits do not fit words {words.shape} and scales {scales.shape}",
            "Use a checkpoint whose embeddings are in float16 or wider.",
        )
    values = np.empty((rows, width), np.float32)
    powers = (1 << np.arange(bits)).astype(np.float32)
    for begin in range(0, rows, _PART):
        own = slice(begin, begin + _PART)
        piece = np.ascontiguousarray(words[own].astype("<u4")).view(np.uint8)
        signs = np.unpackbits(piece, axis=1, bitorder="little")
        made = signs.reshape(len(piece), width, bits).astype(np.float32) @ powers
        step = width // groups
        values[own] = made * np.repeat(scales[own], step, 1) + np.repeat(biases[own], step, 1)
    return values


def bits_of(name: str, words: int, groups: int, config: Mapping[str, Any]) -> int:
    """How many bits MLX gives each number of a table, by config.json: all alike, or by the module's
    name. Raises ModelError for a mode that the atlas does not know."""
    told = config.get("quantization") or config.get("quantization_config") or {}
    module = name.rpartition(".")[0]
    own = told.get(module) if isinstance(told, dict) else None
    facts = {**told, **own} if isinstance(own, dict) else dict(told)
    size, bits = facts.get("group_size"), facts.get("bits")
    if facts.get("mode", "affine") != "affine":
        raise ModelError(
            f"{name}: is quantised by MLX in the mode {facts['mode']!r}, "
            "which the atlas does not read",
            "Use a checkpoint whose embeddings are in float16 or wider.",
        )
    if not (isinstance(size, int) and isinstance(bits, int) and 1 < bits <= 8):
        raise ModelError(
            f"{name}: holds packed integers, and config.json does not say in how many bits",
            'MLX writes "quantization": {"group_size": …, "bits": …} there.',
        )
    if size * groups * bits != words * 32:
        raise ModelError(
            f"{name}: {words} words a row do not hold {groups} groups of {size} numbers "
            f"of {bits} bits",
            "Does config.json belong to these weights?",
        )
    return bits


def strange(name: str, dtype: str, beside: Mapping[str, object]) -> ModelError:
    """What is said of a table in a format that the atlas does not read."""
    others = [f"{name.rpartition('.')[0]}.{end}" for end in sorted(beside)]
    what = f" beside {', '.join(others)}" if others else ""
    return ModelError(
        f"{name}: is quantised ({dtype}{what}), in a format that the atlas does not read",
        "Use a checkpoint whose embeddings are in float16 or wider, or float8 or int8 with "
        "weight_scale.",
    )


def unknown(beside: Mapping[str, object]) -> list[str]:
    """The ends of names beside a table that no format known here has."""
    return [end for end in beside if end not in (*SCALES, *ZEROS, *_ASIDE)]


def _steps(
    name: str, shape: tuple[int, ...], scale: tuple[int, ...], config: Mapping[str, Any]
) -> tuple[int, int]:
    """How many rows and columns of a table (v, d) share one of the scales."""
    v, d = shape
    if int(np.prod(scale)) == 1:
        return v, d
    if scale in ((v,), (v, 1)):
        return 1, d
    if len(scale) == 2 and min(scale) > 0:
        for rows, columns in _blocks(shape, scale, config):
            if scale == (-(-v // rows), -(-d // columns)):
                return rows, columns
    raise ModelError(
        f"{name}: its scales have the shape {list(scale)}, which does not fit {v} × {d} numbers",
        "Use a checkpoint whose embeddings are in float16 or wider.",
    )


def _blocks(
    shape: tuple[int, ...], scale: tuple[int, ...], config: Mapping[str, Any]
) -> list[tuple[int, int]]:
    """Sizes of blocks that a scale for each may mean, what config.json says first."""
    told = config.get("quantization_config")
    found: list[tuple[int, int]] = []
    for value in _named(told, "weight_block_size", "block_structure"):
        if isinstance(value, list | tuple) and len(value) == 2:
            found += [(value[0], value[1])] if all(type(n) is int and n > 0 for n in value) else []
    v, d = shape
    if scale[0] == v:
        found += [(1, d // scale[1])] if d % scale[1] == 0 else []
    found.append((128, 128))
    if v % scale[0] == 0 and d % scale[1] == 0:
        found.append((v // scale[0], d // scale[1]))
    return found


def _named(told: object, *names: str) -> list[object]:
    """The values under these names, however deep."""
    if not isinstance(told, dict):
        return []
    found = [told[name] for name in names if name in told]
    return found + [value for inner in told.values() for value in _named(inner, *names)]


def _spread(values: Array, step: int, width: int) -> Array:
    """Values (n, g) for each of `width` columns, `step` of which share one; (n, 1) where all do."""
    return values if values.shape[1] == 1 else np.repeat(values, step, axis=1)[:, :width]
