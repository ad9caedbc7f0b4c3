"""Errors that a person can act on.

    AtlasError            the command prints it without a traceback and exits 1
    ├── UsageError        the command line is wrong (exit 2)
    ├── ConfigError       atlas.toml is wrong; `problems` holds a line for each fault
    ├── ModelError        a model cannot be found, reached or read
    │   └── UnsuitableError   a model of a family that has not what is asked for
    ├── StageError        a stage cannot work on its inputs
    ├── StoreError        the store, or an artifact in it, is damaged or cannot be written
    └── DataError         atlas data is missing, damaged, or of another version

All arguments are positional, so that errors can be pickled on their way from a worker process.
"""

from __future__ import annotations

from collections.abc import Sequence


class AtlasError(Exception):
    """`message` says what is wrong, in which file or key; `hint`, which may be empty, says what to
    do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        if hint:  # shown with a traceback, as in a notebook
            self.add_note(hint)

    def __str__(self) -> str:
        return self.message


class UsageError(AtlasError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class ConfigError(AtlasError):
    """The configuration is wrong. `problems` names each fault as `path.in.toml: what`, `lines` the
    line of each, 0 where it is not known."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        problems: Sequence[str] = (),
        lines: Sequence[int] = (),
    ) -> None:
        super().__init__(message, hint)
        self.args = (message, hint, tuple(problems), tuple(lines))
        self.problems = tuple(problems)
        self.lines = tuple(lines) or (0,) * len(self.problems)
        for problem in problems:
            self.add_note(problem)


class ModelError(AtlasError):
    """A model cannot be found, reached or read."""


class UnsuitableError(ModelError):
    """A model can be read, and its family has not what is asked for: the message is a sentence that
    says why, and holds for as long as the model does."""


class StageError(AtlasError):
    """A stage cannot work on its inputs."""


class StoreError(AtlasError):
    """The store, or an artifact in it, is damaged or cannot be written."""


class DataError(AtlasError):
    """Atlas data is missing, damaged, or written by another version of the schema."""
