"""How templates are compiled, and where that is kept."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import lru_cache
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import BytecodeCache, Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from markupsafe import Markup, escape

from atlas.web.theme import theme

_PATTERN = "%s.2.jinja"  # to be raised when templates are compiled otherwise
_OURS = "theme-"  # begins the keys of the theme's


def shown(value: object) -> str:
    """What a page shows of a value: its text escaped, as by MarkupSafe, but in a third of the time,
    since pages say the same again and again."""
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if kind is Markup:
        return value  # type: ignore[return-value]  # which mypy does not follow
    return str(value) if kind is int else escape(value)


@lru_cache(maxsize=1 << 14)
def _escaped(text: str) -> str:
    return str(escape(text))


class _Generator(CodeGenerator):
    """Writes code that puts out text at once, where Jinja's makes an object of every piece."""

    def _output_child_pre(
        self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")


class Escaping(Environment):
    """An environment that escapes by `shown`."""

    code_generator_class = _Generator
    shown = staticmethod(shown)


class _Kept(BytecodeCache):
    """Keeps the code of the theme's templates beside that of this module, for all atlases, as Numba
    does; that of others in a folder of the atlas."""

    def __init__(self, shared: BytecodeCache | None, own: BytecodeCache | None) -> None:
        self.shared, self.own = shared, own

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        key = super().get_cache_key(name, filename)
        ours = filename is not None and Path(filename).is_relative_to(theme())
        return f"{_OURS}{key}" if ours and self.shared else key

    def load_bytecode(self, bucket: Bucket) -> None:
        if place := self._place(bucket):
            try:
                place.load_bytecode(bucket)
            except (OSError, UnpicklingError, EOFError, ValueError, LookupError):  # cut short
                bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if place := self._place(bucket):
            with suppress(OSError):  # it is compiled again then
                place.dump_bytecode(bucket)

    def _place(self, bucket: Bucket) -> BytecodeCache | None:
        return self.shared if bucket.key.startswith(_OURS) else self.own


def kept(folder: Path) -> BytecodeCache:
    """Keeps what templates compile to for later: the theme's where Python keeps the bytecode of
    this package, if it does, and others in the folder; nothing in what cannot be written to."""
    shared = None
    if not sys.dont_write_bytecode:
        shared = _writable(Path(cache_from_source(__file__)).parent)
    return _Kept(shared, _writable(folder))


def _writable(folder: Path) -> BytecodeCache | None:
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return FileSystemBytecodeCache(str(folder), _PATTERN)
    return None
