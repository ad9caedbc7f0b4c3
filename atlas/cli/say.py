"""Messages of the command on stderr, so that stdout is free for data."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from atlas.errors import AtlasError, ConfigError

state = {"verbose": False, "quiet": False}

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show tracebacks.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
OPTIONS = {"verbose": Verbose, "quiet": Quiet}  # of every command

P = ParamSpec("P")


def talking(command: Callable[P, None]) -> Callable[..., None]:
    """Give a command the options -v and -q, which people also write after its name."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        for name in OPTIONS:
            state[name] |= bool(kwargs.pop(name))
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:  # Typer would print nothing, and older ones exit with 1
            typer.echo("interrupted; what is done is kept", err=True)
            raise typer.Exit(130) from None

    # Typer reads options off the signature and the annotations.
    own = inspect.signature(command, eval_str=True)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in OPTIONS.items()
    ]
    wrapped.__signature__ = own.replace(parameters=[*own.parameters.values(), *more])  # type: ignore[attr-defined]  # PEP 362
    wrapped.__annotations__ = {**inspect.get_annotations(command, eval_str=True), **OPTIONS}
    return wrapped


def say(message: str) -> None:
    """Print a message, unless -q is set."""
    if not state["quiet"]:
        typer.echo(message, err=True)


def warn(message: str) -> None:
    """Print a warning."""
    _mark("warning", message, "yellow")


def print_error(error: AtlasError) -> None:
    """Print an error, every problem of a config, and the hint."""
    _mark("error", error.message, "red")
    if isinstance(error, ConfigError):
        for number, line in zip(error.lines, error.problems, strict=True):
            typer.echo(f"  {f'line {number}: ' if number else ''}{line}", err=True)
    if error.hint:
        _mark("hint", error.hint, "cyan")


def count(number: int, thing: str) -> str:
    """`1 map`, `2 maps`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def near(path: Path) -> str:
    """A path relative to the working folder if it is below it, else as it is."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere; a deleted folder; links in a circle
        return str(path)


def _mark(word: str, message: str, colour: str) -> None:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    typer.echo(f"{word if plain else typer.style(word, fg=colour, bold=True)}: {message}", err=True)
