"""Folders and files that people point at and that are no checkpoint: what each is, and what to do
with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn

from atlas.errors import ModelError

Json = Any  # what a JSON file holds
Read = Callable[[str], Json]  # a JSON file of a folder, None when it cannot be read

POINTER = b"version https://git-lfs.github.com/spec/"
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.safetensors.index.json", "*.bin.index.json")
_TENSORFLOW = ("tf_model*.h5", "tf_model.h5.index.json", "model.ckpt*", "saved_model.pb")
_FLAX = ("flax_model*.msgpack", "flax_model.msgpack.index.json")
_ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
_LAYOUT = (
    "Point `source` at a folder in the Hugging Face layout, or at a table of vectors: vectors:path."
)


def is_pointer(path: Path) -> bool:
    """Whether Git LFS has left a pointer in place of a file's content."""
    try:
        if path.stat().st_size > 1024:
            return False
        with path.open("rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False  # told of by whoever reads it


def refuse_pointers(source: str, paths: Iterable[Path]) -> None:
    """Raise ModelError for a file that Git LFS has left a pointer to in place of its content."""
    for path in paths:
        if is_pointer(path):
            raise ModelError(
                f"{source}: {path} is a Git LFS pointer, and not the file itself",
                f"Fetch it: git lfs pull, in {path.parent}.",
            )


def read(path: Path | None) -> Json:
    """What a JSON file holds, None when it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError, RecursionError):
        return None


def refuse_hub(source: str, names: Collection[str], inside: Read) -> None:
    """Raise ModelError where the names of a hub model's files say that it cannot be read from
    there; `inside` reads one of its JSON files."""
    refuse(source, names, inside)
    here = f"Download it (hf download {source.removeprefix('hub:')} --local-dir FOLDER)"
    rows = inside("modules.json") if "modules.json" in names else None
    kinds = [row.get("type") for row in rows or () if isinstance(row, dict)]
    if any(str(kind).endswith("StaticEmbedding") for kind in kinds):
        raise ModelError(
            f"{source}: holds static embeddings, a table of vectors without a model",
            f"{here}, and write vectors:FOLDER.",
        )
    found = sorted(name for name in names if name.endswith(".gguf"))
    if found and not any(fnmatch(name, pattern) for name in names for pattern in _WEIGHTS):
        raise ModelError(
            f"{source}: holds GGUF files alone: {', '.join(found[:4])}",
            f"{here}, and write vectors:FOLDER/{found[0]}.",
        )


def refuse_folder(source: str, folder: Path) -> NoReturn:
    """Raise ModelError saying what a folder without a config.json is. Names of folders in it are
    told as they are, for its owner to choose one."""
    if not folder.is_dir():
        hint = "`source` is relative to atlas.toml. " if source.startswith("path:") else ""
        raise ModelError(f"{source}: the folder {folder} does not exist", hint + _LAYOUT)
    inside = sorted(folder.iterdir())
    names = {path.name for path in inside}

    refuse(source, names, lambda name: read(folder / name))
    commits = folder if folder.name == "snapshots" else folder / "snapshots"
    if commits.is_dir():
        found = [path for path in sorted(commits.iterdir()) if path.is_dir()]
        shown = ", ".join(path.relative_to(folder).as_posix() for path in found[:4]) or "none yet"
        raise ModelError(
            f"{source}: {folder} is a model's place in the hub's cache, which keeps each commit in "
            "a folder of its own",
            f"Point `source` at the commit's folder ({shown}), or write hub:org/name.",
        )
    models = [name for name in sorted(names) if name.startswith("models--")]
    if models:
        raise ModelError(
            f"{source}: {folder} is the hub's cache, with {len(models)} models in it",
            f"Write the model's name: hub:{models[0].removeprefix('models--').replace('--', '/')}.",
        )
    below = [path.name for path in inside if (path / "config.json").is_file()]
    if below:
        raise ModelError(
            f"{source}: the folder {folder} has no config.json, but {', '.join(below[:4])} has",
            f"Point `source` there: {source.rstrip('/')}/{below[0]}.",
        )
    raise ModelError(f"{source}: the folder {folder} has no config.json", _LAYOUT)


def refuse(source: str, names: Collection[str], inside: Read) -> None:
    """Raise ModelError where the names of a folder's files say that it is another thing than a
    checkpoint with weights; `inside` reads one of its JSON files."""
    if _any(names, _WEIGHTS, but=_ADAPTERS) and "config.json" in names:
        return
    if "adapter_config.json" in names or any(name in names for name in _ADAPTERS):
        _adapter(source, inside("adapter_config.json"))
    if "model_index.json" in names:
        _diffusers(source, inside("model_index.json"))
    if "modules.json" in names and "config.json" not in names:
        _sentences(source, inside("modules.json"))
    if "config.json" in names:
        _converted(source, names)
    if "params.json" in names and _any(names, ("consolidated*.pth",)):
        raise ModelError(
            f"{source}: these are a model's original files, as Meta gives them out",
            "Take the model in the Hugging Face layout, or convert it by transformers' "
            "convert_llama_weights_to_hf.py.",
        )


def _any(names: Collection[str], patterns: Iterable[str], but: Collection[str] = ()) -> bool:
    return any(fnmatch(name, pattern) for name in names if name not in but for pattern in patterns)


def _adapter(source: str, found: Json) -> None:
    facts = found if isinstance(found, dict) else {}
    base, kind = facts.get("base_model_name_or_path"), facts.get("peft_type")
    what = f"{kind if isinstance(kind, str) else 'PEFT'} adapter (LoRA and its like)"
    of = f" of {base}" if isinstance(base, str) and base else ""
    raise ModelError(
        f"{source}: holds an adapter and no model: a {what}{of}",
        "Its tokens and input vectors are mostly its base's: point `source` at "
        f"{base or 'its base'}. Or merge it: PeftModel.merge_and_unload().save_pretrained(FOLDER).",
    )


def _diffusers(source: str, found: Json) -> None:
    parts = found if isinstance(found, dict) else {}
    encoders = [name for name in sorted(parts) if name.startswith("text_encoder")]
    tokenizers = [name for name in sorted(parts) if name.startswith("tokenizer")]
    hint = "It has no text encoder: it has no vocabulary."
    if encoders:
        hint = (
            f"A map can be made of its text encoder: put the files of {encoders[0]}/ and of "
            f"{(tokenizers or ['tokenizer'])[0]}/ into one folder, and point `source` there."
        )
    raise ModelError(f"{source}: is a pipeline of diffusers (model_index.json)", hint)


def _sentences(source: str, found: Json) -> None:
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    if any(str(row.get("type")).endswith("StaticEmbedding") for row in rows):
        return  # a table of vectors
    what = f"{source}: is a folder of sentence-transformers (modules.json)"
    for row in rows:
        kind, place = str(row.get("type")), str(row.get("path"))
        if kind.endswith("Transformer"):
            raise ModelError(
                f"{what}, whose model is in {place}/",
                f"Point `source` there: {source.rstrip('/')}/{place}.",
            )
    kinds = ", ".join(str(row.get("type")).rpartition(".")[2] for row in rows) or "nothing"
    raise ModelError(
        f"{what} of {kinds}, and none of these is a transformer or a static embedding",
        "Choose a model with a token vocabulary.",
    )


def _converted(source: str, names: Collection[str]) -> None:
    """Weights of other frameworks beside a config.json."""
    for title, patterns, key in (("TensorFlow", _TENSORFLOW, "tf"), ("Flax", _FLAX, "flax")):
        if _any(names, patterns):
            raise ModelError(
                f"{source}: its weights are {title}'s alone",
                "Convert them once, where transformers before 5 and "
                f"{title} are installed: AutoModel.from_pretrained(FOLDER, from_{key}=True)"
                ".save_pretrained(FOLDER).",
            )
    if _any(names, ("*.onnx",)):
        raise ModelError(
            f"{source}: its weights are an ONNX file's alone",
            "Take the model that it was exported from, with safetensors.",
        )
