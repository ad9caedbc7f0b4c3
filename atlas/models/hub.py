"""The Hugging Face hub, through its own client: commits, small files, parts of large ones, and
errors that say what to do."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from atlas.errors import ModelError

_REACHED: set[str] = set()  # hubs that have answered this process
_SILENT: dict[str, float] = {}  # and when those that have not were last asked
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SYSTEM = re.compile(r"\[Errno -?\d+\] ([^\"'()]+)")
_PATIENCE = 60.0  # seconds for which a hub that did not answer is not asked again


def split(location: str) -> tuple[str, str]:
    """Repository and commit of a `hub:` location."""
    repo, _, commit = location.removeprefix("hub:").rpartition("@")
    return repo, commit


def commit(repo: str, revision: str) -> tuple[str, frozenset[str]]:
    """The commit that a branch, tag or commit of a model means now, and the names of its files.
    Raises ModelError."""
    with explained(repo, revision):
        reach(repo)
        from huggingface_hub import HfApi  # slow to import, and of no use without an answer

        info = HfApi().model_info(repo, revision=revision, timeout=10)
    if not info.sha:
        raise ModelError(
            f"hub:{repo}: the hub names no commit for {revision}",
            "Give a full commit as `revision`.",
        )
    return str(info.sha), frozenset(file.rfilename for file in info.siblings or ())


def cached(repo: str, revision: str, name: str) -> Path | Literal[False] | None:
    """A file in the client's local cache; False when the cache knows that the model has no such
    file, None when it knows nothing."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
    if _NAME.fullmatch(repo) and not folder.exists():
        return None  # known without the client, which takes long to import

    from huggingface_hub import try_to_load_from_cache

    with explained(repo):
        known = try_to_load_from_cache(repo, name, revision=revision)
    return Path(known) if isinstance(known, str) else None if known is None else False


def fetch(repo: str, revision: str, name: str) -> Path | None:
    """The local path of one file, downloaded if need be; None when the model has no such file.
    Raises ModelError."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import EntryNotFoundError, LocalEntryNotFoundError

    there = cached(repo, revision, name)
    if there is not None:
        return there or None
    with explained(repo):
        reach(repo)
        try:
            return Path(hf_hub_download(repo, name, revision=revision))
        except EntryNotFoundError as problem:
            if isinstance(problem, LocalEntryNotFoundError):
                raise  # the hub did not answer
            return None


def sizes(repo: str, revision: str) -> dict[str, int]:
    """Names and sizes in bytes of the files in a model's top folder. Raises ModelError."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    with explained(repo):
        reach(repo)
        files = HfApi().list_repo_tree(repo, revision=revision)
        return {file.path: file.size for file in files if isinstance(file, RepoFile)}


@contextmanager
def opened(repo: str, revision: str, name: str) -> Iterator[BinaryIO]:
    """A file on the hub: what is read of it is asked for by range requests, without read-ahead.
    Raises ModelError, also while it is read."""
    from huggingface_hub import HfFileSystem

    with explained(repo):
        reach(repo)
        try:
            file = HfFileSystem().open(f"{repo}@{revision}/{name}", "rb", cache_type="none")
        except FileNotFoundError as problem:
            raise ModelError(
                f"hub:{repo}: has no file {name}",
                "Its index names one that is missing; choose a revision.",
            ) from problem
        with file:
            yield cast(BinaryIO, file)


def reach(repo: str) -> None:
    """Ask the hub for any answer, once in a process: its client would try again for half a minute
    at every file. Raises ModelError, at once when the hub was silent a moment ago."""
    from huggingface_hub import constants
    from huggingface_hub.utils import OfflineModeIsEnabled, get_session

    endpoint = constants.ENDPOINT
    if endpoint in _REACHED:
        return
    with explained(repo):
        if constants.HF_HUB_OFFLINE:
            raise OfflineModeIsEnabled(f"{endpoint} is not asked")
        if time.monotonic() - _SILENT.get(endpoint, -_PATIENCE) < _PATIENCE:
            raise ConnectionError("no answer just now")
        _SILENT[endpoint] = time.monotonic()
        get_session().head(endpoint, timeout=10)
    _REACHED.add(endpoint)


def _network() -> tuple[type[Exception], ...]:
    """What the client and the library under it raise: since its version 1 that is httpx, then
    httpx2, whose errors are no OSErrors."""
    from huggingface_hub.utils import HfHubHTTPError, get_session

    below = {kind.__module__.partition(".")[0] for kind in type(get_session()).__mro__}
    errors = (getattr(sys.modules.get(name), "HTTPError", OSError) for name in sorted(below))
    return (HfHubHTTPError, OSError, *errors)


@contextmanager
def explained(repo: str, revision: str = "") -> Iterator[None]:
    """Turn the hub client's exceptions into errors that say what to do."""
    from huggingface_hub.utils import (
        EntryNotFoundError,
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as problem:
        raise ModelError(
            f"hub:{repo}: access is gated", "Accept its terms on the hub and set HF_TOKEN."
        ) from problem
    except RevisionNotFoundError as problem:
        raise ModelError(
            f"hub:{repo}: no such revision {revision}".rstrip(), "Check `revision` in atlas.toml."
        ) from problem
    except RepositoryNotFoundError as problem:
        hint = "Check the name; a private model needs HF_TOKEN."
        raise ModelError(f"hub:{repo}: no such model", hint) from problem
    except HFValidationError as problem:
        raise ModelError(
            f"hub:{repo}: not a name the hub allows", "Write hub:org/name."
        ) from problem
    except LocalEntryNotFoundError as problem:
        raise ModelError(
            f"hub:{repo}: cannot be reached, and its files are not cached", "Check the connection."
        ) from problem
    except EntryNotFoundError:
        raise
    except OfflineModeIsEnabled as problem:
        hint = "Build once without --offline (and without HF_HUB_OFFLINE)."
        raise ModelError(
            f"hub:{repo}: something is not in the local cache, and the build is offline", hint
        ) from problem
    except _network() as problem:
        if getattr(getattr(problem, "response", None), "status_code", None) in (401, 403):
            hint = (
                "Check the name; a private model needs HF_TOKEN, "
                "and one that is out of date is refused too."
            )
            raise ModelError(f"hub:{repo}: the hub refuses access", hint) from problem
        told = str(problem).strip() or type(problem).__name__
        system = _SYSTEM.findall(told)  # under what each library around it adds
        reason = system[-1] if system else told.splitlines()[0][:200]
        raise ModelError(
            f"hub:{repo}: cannot be reached ({reason})",
            "Check the connection, or build with --offline.",
        ) from problem
