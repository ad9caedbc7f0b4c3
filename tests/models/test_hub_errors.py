"""Errors of the library below the hub's client are told as the hub's, whichever library that is."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from atlas.errors import ModelError
from atlas.models import hub


@pytest.mark.parametrize("name", ["httpx", "httpx2", "another"])
def test_no_answer_is_told_as_such(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class HTTPError(Exception): ...

    class ConnectError(HTTPError): ...

    class Client: ...

    class Session(Client): ...

    Client.__module__ = f"{name}._client"
    library = ModuleType(name)
    library.HTTPError = HTTPError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, library)
    monkeypatch.setattr("huggingface_hub.utils.get_session", Session)
    with pytest.raises(ModelError, match="cannot be reached"), hub.explained("ada/one"):
        raise ConnectError("Name or service not known")
