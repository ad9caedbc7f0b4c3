"""The JSON file of a toy, and what its stage returns."""

from __future__ import annotations

from pydantic import Field

from atlas.findings.finding import Finding, Part

SCHEMA_VERSION = 1


class Letters(Part):
    """The commonest first letters, most first."""

    letters: dict[str, int] = Field(description="how many tokens begin with each")


class ToyFile(Finding, Letters):
    """The file."""

    name: str


def file(name: str) -> str:
    """The file's name in the data folder."""
    return f"{name}.toy.json"
