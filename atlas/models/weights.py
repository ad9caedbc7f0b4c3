"""The weight files of a checkpoint: those that transformers would load, and their tensors, one at a
time."""

from __future__ import annotations

import json
import math
import pickle
import struct
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Protocol

import numpy as np

from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import read_json
from atlas.models.quantised import float8
from atlas.numeric.types import Array, Floats

# Types whose numbers are the values themselves.
FLOATS = ("F64", "F32", "F16", "BF16")

_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "F8_E4M3": "u1",
    "F8_E5M2": "u1",
    "F8_E8M0": "u1",
    "BOOL": "?",
    **{f"I{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
}

_PIECE = 2 << 20  # values read at a time
_HEADER = 100 << 20  # bytes of a header, at most, as safetensors has it

Progress = Callable[[float], None]
_Tensor = Any  # torch's, which is not imported for safetensors


class Weights(Protocol):
    """The tensors of a checkpoint, by name.

    told   the file that messages name
    """

    told: str

    def names(self) -> Iterable[str]:
        """Names of all tensors."""

    def entry(self, name: str) -> dict[str, Any]:
        """`shape`, and `dtype` as safetensors has it. Raises ModelError."""

    def floats(self, name: str, progress: Progress) -> Floats:
        """The numbers (n,) of a tensor as they are stored, in float32. Raises ModelError."""

    def raw(self, name: str) -> Array:
        """The numbers (n,) of a tensor in their own type. Raises ModelError."""


def opened(location: str) -> Weights | None:
    """The weights that transformers would load: one safetensors file before an index of shards,
    which `save_pretrained` leaves behind, and these before PyTorch's own files; None without any.
    Raises ModelError."""
    given = (read_json(location, "config.json") or {}).get("transformers_weights")
    if isinstance(given, str) and given.endswith((".safetensors", ".safetensors.index.json")):
        name = given.removesuffix(".index.json")
        if given == name:
            return Safetensors(location, None, name)
        return Safetensors(location, _places(read_json(location, given) or {}, given), name)
    for name, kind in (("model.safetensors", Safetensors), ("pytorch_model.bin", Pickled)):
        if checkpoints.has(location, name):
            return kind(location, None, name)
        if index := read_json(location, f"{name}.index.json"):
            return kind(location, _places(index, f"{name}.index.json"), name)
    return None


def _places(index: dict[str, Any], name: str) -> dict[str, str]:
    """The file of each tensor by an index. Raises ModelError for one that leads elsewhere."""
    places = index.get("weight_map")
    if not isinstance(places, dict) or not all(
        isinstance(file, str) and PurePosixPath(file).name == file and "\\" not in file
        for file in places.values()
    ):
        raise ModelError(
            f"{name}: its weight_map does not name files beside it", "Is the download complete?"
        )
    return places


class Safetensors:
    """Tensors in one safetensors file, or in several by an index; headers are read as they are
    needed, and of the rest only what is asked for."""

    def __init__(self, location: str, places: dict[str, str] | None, name: str) -> None:
        self.location, self.places, self.told = location, places, name
        self._headers: dict[str, tuple[dict[str, Any], int]] = {}

    def names(self) -> Iterable[str]:
        """Names of all tensors."""
        return self.places if self.places is not None else self._header(self.told)[0]

    def entry(self, name: str) -> dict[str, Any]:
        """`shape`, `dtype` and `data_offsets`. Raises ModelError."""
        file = self._file(name)
        header, _ = self._header(file)
        if name not in header:
            raise ModelError(
                f"{file}: has no tensor {name}, though the index says so",
                "Is the download complete?",
            )
        return dict(header[name])

    def floats(self, name: str, progress: Progress) -> Floats:
        """Its numbers in float32, turned into it piece by piece: a large one is held once."""
        entry = self.entry(name)
        values = np.empty(math.prod(entry["shape"]), np.float32)
        for done, piece in self._pieces(name, entry):
            values[done : done + len(piece)] = _widened(piece, entry["dtype"])
            progress((done + len(piece)) / len(values))
        return values

    def raw(self, name: str) -> Array:
        """Its numbers in their own type."""
        pieces = [np.array(piece) for _, piece in self._pieces(name, self.entry(name))]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.uint8)

    def _pieces(self, name: str, entry: dict[str, Any]) -> Iterable[tuple[int, Array]]:
        if entry["dtype"] not in _TYPES:
            raise ModelError(
                f"{self._file(name)}: {name} is of the type {entry['dtype']}, "
                "which the atlas does not read",
                "Use a checkpoint in float16 or wider.",
            )
        kind, file = np.dtype(_TYPES[entry["dtype"]]), self._file(name)
        count = math.prod(entry["shape"])
        _, start = self._header(file)
        with checkpoints.opened(self.location, file) as stream:
            stream.seek(start + entry["data_offsets"][0])
            for done in range(0, count, _PIECE):
                many = min(_PIECE, count - done)
                piece = stream.read(many * kind.itemsize)
                if len(piece) < many * kind.itemsize:
                    raise ModelError(
                        f"{file}: ends within the embedding table", "Is the download complete?"
                    )
                yield done, np.frombuffer(piece, kind)

    def _file(self, name: str) -> str:
        return self.told if self.places is None else self.places[name]

    def _header(self, file: str) -> tuple[dict[str, Any], int]:
        if file not in self._headers:
            with checkpoints.opened(self.location, file) as stream:
                self._headers[file] = read_header(stream, file)
        return self._headers[file]


def width(dtype: str) -> int:
    """Bytes of a number of a type as safetensors names it; 1 for one that is not known."""
    return np.dtype(_TYPES[dtype]).itemsize if dtype in _TYPES else 1


def read_header(file: BinaryIO, name: str) -> tuple[dict[str, Any], int]:
    """Names, types and places of a safetensors file's tensors, and where its data begin. Sizes that
    it declares are held against the file's own. Raises ModelError."""
    try:
        whole = file.seek(0, 2)
        file.seek(0)
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(_HEADER, whole - 8):
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for tensor, entry in header.items():
            _check(tensor, entry, whole - 8 - length)
    except (
        struct.error,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as problem:
        raise ModelError(
            f"{name}: not a safetensors file ({problem!r:.300})", "Is the download complete?"
        ) from problem
    return header, 8 + length


def _check(tensor: str, entry: dict[str, Any], room: int) -> None:
    """Raise ValueError where a tensor is not as large as its shape says, or beyond the file."""
    begin, end = entry["data_offsets"]
    shape = entry["shape"]
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{tensor} has the shape {shape}")
    kind, count = _TYPES.get(entry["dtype"]), math.prod(shape)
    size = count * np.dtype(kind).itemsize if kind else end - begin
    # No type that is not known here has fewer than four bits.
    if begin < 0 or end - begin != size or count > 2 * size:
        raise ValueError(
            f"{tensor} has {end - begin} bytes for {count} numbers of {entry['dtype']}"
        )
    if end > room:
        raise ValueError(f"{tensor} ends at byte {end} of {room}")


def _widened(piece: Array, kind: str) -> Array:
    if kind == "BF16":  # the upper half of a float32
        return (piece.astype("<u4") << 16).view("<f4")
    if kind.startswith("F8"):
        return float8(kind)[piece]
    return piece


class Pickled:
    """Tensors in PyTorch's own files, of which nothing but tensors is unpickled."""

    def __init__(self, location: str, places: dict[str, str] | None, name: str) -> None:
        self.location, self.places, self.told = location, places, name
        self._states: dict[str, dict[str, Any]] = {}

    def names(self) -> Iterable[str]:
        """Names of all tensors."""
        return self.places if self.places is not None else self._state(self.told)

    def entry(self, name: str) -> dict[str, Any]:
        """`shape`, and `dtype` by the names that safetensors has. Raises ModelError."""
        tensor = self._tensor(name)
        return {
            "shape": list(tensor.shape),
            "dtype": self._kinds.get(tensor.dtype, str(tensor.dtype)),
        }

    def floats(self, name: str, progress: Progress) -> Floats:
        """Its numbers in float32."""
        tensor = self._tensor(name)
        if tensor.is_quantized:
            tensor = tensor.dequantize()
        values = np.array(tensor.detach().float().numpy(), np.float32).reshape(-1)
        progress(1.0)
        return values

    def raw(self, name: str) -> Array:
        """Its numbers in their own type."""
        return np.array(self._tensor(name).detach().numpy()).reshape(-1)

    @cached_property
    def _kinds(self) -> dict[Any, str]:
        import torch

        names = {
            "F64": "float64",
            "F32": "float32",
            "F16": "float16",
            "BF16": "bfloat16",
            "F8_E4M3": "float8_e4m3fn",
            "F8_E5M2": "float8_e5m2",
            "U8": "uint8",
            "U32": "uint32",
            **{f"I{bits}": f"int{bits}" for bits in (8, 32, 64)},
        }
        return {getattr(torch, own): name for name, own in names.items()}

    def _tensor(self, name: str) -> _Tensor:
        file = self.told if self.places is None else self.places[name]
        state = self._state(file)
        if name not in state:
            raise ModelError(
                f"{file}: has no tensor {name}, though the index says so",
                "Is the download complete?",
            )
        return state[name]

    def _state(self, file: str) -> dict[str, Any]:
        if file not in self._states:
            self._states[file] = _unpickled(self.location, file)
        return self._states[file]


def _unpickled(location: str, file: str) -> dict[str, Any]:
    """The tensors of a file by name, mapped into memory where its format allows that."""
    import torch

    path = checkpoints.fetch(location, file)
    if path is None:
        raise ModelError(f"{file}: is missing", "Is the download complete?")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it would rather not read
            try:
                found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            except RuntimeError:  # torch's format of before 1.6
                found = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        pickle.UnpicklingError,
    ) as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise ModelError(
            f"{path}: not readable as weights of PyTorch ({reason:.200})",
            "Is the download complete? Files that hold more than tensors are not opened.",
        ) from problem
    if not isinstance(found, dict):
        raise ModelError(f"{path}: holds no tensors by name", "Is this a checkpoint's weight file?")
    return {str(name): value for name, value in found.items() if isinstance(value, torch.Tensor)}
