"""A toy, arranged for its page."""

from __future__ import annotations

from toys.config import Toy
from toys.data import ToyFile


class ToyView:
    """One toy."""

    def __init__(self, entry: Toy, data: ToyFile) -> None:
        self.id, self.data = entry.name, data

    def title(self, language: str) -> str:
        """Its name, in every language."""
        return self.id
