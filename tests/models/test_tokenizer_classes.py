"""The token of every row is what the tokenizer's own `convert_ids_to_tokens` says, for every class
of the installed transformers that can be made here."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import pytest

from atlas.errors import ModelError
from atlas.models import tokenizer_asked, tokenizer_classes, tokenizer_files
from tests import tiny_tokenizers as tiny

# transformers warns of packages that would be better, and leaves a file open.
pytestmark = pytest.mark.filterwarnings("ignore")

SLOW, FAST = tiny.slow_classes(), tiny.fast_classes()


def reference(folder: Path, fast: bool) -> Any:
    """As transformers makes it; None where it cannot."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, use_fast=fast) or None
    except Exception:  # noqa: BLE001  # a package is lacking
        return None


def check(folder: Path, fast: bool) -> Any:
    """Holds the rows read to those of transformers."""
    made = reference(folder, fast)
    if made is None:  # read by the files alone, or refused with the name of what is lacking
        try:
            tokenizer_files.load(f"path:{folder}")
        except ModelError as problem:
            lacking = "needs the package" in problem.message and "pip install" in problem.hint
            if not lacking:
                raise
            pytest.skip(problem.message.partition(": ")[2])
        pytest.skip("read by its files alone: transformers cannot make it here")
    found = tokenizer_files.load(f"path:{folder}")
    size = max(len(made), max(found.rows) + 1)
    wrong = []
    for row in range(size):
        try:
            right = made.convert_ids_to_tokens(row)
        except (IndexError, KeyError, OverflowError):
            right = None
        if right == made.unk_token and row != made.unk_token_id and row not in found.added:
            right = None  # the row has no token
        if found.rows.get(row) != right:
            wrong.append((row, found.rows.get(row), right))
    assert not wrong, f"{len(wrong)} of {size}: {wrong[:5]}"
    assert None not in found.rows.values() and "None" not in found.rows.values()
    known = {row for row in made.all_special_ids if row is not None}
    if made.unk_token_id is not None:
        assert known & found.rows.keys() <= found.special
    return made


@pytest.mark.parametrize("name", SLOW)
def test_slow_classes(name: str, tmp_path: Path) -> None:
    """Their own files alone, the class named."""
    tiny.make(name, tmp_path)
    check(tmp_path, fast=False)


@pytest.mark.parametrize("name", [name for name in SLOW if SLOW[name]])
def test_slow_classes_by_model_type(name: str, tmp_path: Path) -> None:
    """Their own files alone, only the model type stated."""
    tiny.make(name, tmp_path, SLOW[name])
    check(tmp_path, fast=False)


@pytest.mark.parametrize("name", SLOW)
def test_tokens_added_to_slow_classes(name: str, tmp_path: Path) -> None:
    """As they are saved: added_tokens_decoder, or added_tokens.json as before it."""
    tiny.make(name, tmp_path / "plain")
    made = reference(tmp_path / "plain", fast=False)
    if made is None or made.is_fast:
        pytest.skip("transformers cannot make it here")
    made.add_tokens(["<tool>", "newword"])
    made.add_special_tokens({"additional_special_tokens": ["<|user|>"], "pad_token": "<|own|>"})
    try:
        made.save_pretrained(tmp_path / "saved")
    except Exception as problem:  # noqa: BLE001
        pytest.skip(f"transformers cannot save it: {problem!r}")
    saved = tmp_path / "saved"
    (saved / "tokenizer.json").unlink(missing_ok=True)
    (saved / "config.json").write_text("{}")
    if reference(saved, fast=False) is None:
        pytest.skip("transformers cannot read what it saved")
    check(saved, fast=False)
    older = json.loads((saved / "tokenizer_config.json").read_text())
    del older["added_tokens_decoder"]
    (saved / "tokenizer_config.json").write_text(json.dumps(older))
    check(saved, fast=False)


@functools.cache
def fast_folder(name: str) -> Path | None:
    """What a fast class saves; None where transformers cannot make one."""
    folder = Path(tempfile.mkdtemp())
    try:
        tiny.make_fast(name, folder)
    except Exception:  # noqa: BLE001
        return None
    return folder


BESIDE: dict[str, Any] = {
    "as saved": lambda config, size: {},
    "added_tokens_decoder": lambda config, size: {
        "added_tokens_decoder": (config.get("added_tokens_decoder") or {})
        | {
            str(size + row): {"content": token, "special": bool(row)}
            for row, token in enumerate(["<|user|>", "<|end|>", "plain"])
        }
    },
    "decoder with a gap": lambda config, size: {
        "added_tokens_decoder": {str(size + 3): {"content": "<|far|>", "special": True}}
    },
    "additional_special_tokens": lambda config, size: {
        "additional_special_tokens": [
            *(config.get("additional_special_tokens") or []),
            "<|a|>",
            {"content": "<|b|>", "__type": "AddedToken"},
        ],
        "pad_token": "<|own|>",
    },
    "pad_token null": lambda config, size: {"pad_token": None},
    "no decoder": lambda config, size: {"added_tokens_decoder": None},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("name", FAST)
def test_fast_classes(name: str, beside: str, tmp_path: Path) -> None:
    """tokenizer.json with what stands beside it."""
    made = fast_folder(name)
    if made is None:
        pytest.skip("transformers cannot make it here")
    folder = Path(shutil.copytree(made, tmp_path / "model"))
    shutil.rmtree(folder / "slow", ignore_errors=True)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    size = max(map(int, config.get("added_tokens_decoder") or {"0": 0})) + 1
    size = max(size, len(reference(folder, True) or ()))
    config |= BESIDE[beside](config, size)
    if config["added_tokens_decoder"] is None:
        del config["added_tokens_decoder"]
        (folder / "added_tokens.json").write_text(json.dumps({"<|late|>": size, "x y": size + 1}))
    path.write_text(json.dumps(config))
    check(folder, fast=True)


@pytest.mark.parametrize("name", FAST)
def test_a_class_that_is_named_is_made_as_by_auto_tokenizer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fast_folder(name)
    auto = None if folder is None else reference(folder, True)
    if auto is None:
        pytest.skip("transformers cannot make it here")
    location = f"path:{folder}"
    made = tokenizer_asked.tokenizer(location)
    monkeypatch.setattr(tokenizer_asked, "_fast_class", lambda _: None)
    for other in (auto, tokenizer_asked.tokenizer(location)):
        assert type(made) is type(other)
        assert made.backend_tokenizer.to_str() == other.backend_tokenizer.to_str()
        assert made.special_tokens_map == other.special_tokens_map
        assert made.convert_ids_to_tokens(range(5)) == other.convert_ids_to_tokens(range(5))


LIGHT = """
import sys
from atlas.models.tokenizer_asked import tokenizer
tokenizer(sys.argv[1])
assert not {"transformers.generation", "sklearn", "torch._dynamo"} & sys.modules.keys()
"""


def test_a_class_that_is_named_needs_no_generation(tmp_path: Path) -> None:
    import transformers

    if not transformers.__version__.startswith("4."):
        pytest.skip("AutoTokenizer is asked")
    tiny.make_fast("BertTokenizerFast", tmp_path)
    subprocess.run([sys.executable, "-c", LIGHT, f"path:{tmp_path}"], check=True)


@pytest.mark.parametrize("name", tokenizer_classes.KIN)
def test_special_tokens_of_classes_read_here(name: str) -> None:
    """What is written of a class is what the installed transformers has, of its slow and its fast
    class."""
    kin = tokenizer_classes.KIN[name]
    if name == "PreTrainedTokenizer":
        return
    import transformers

    kinds = [
        found
        for end in ("", "Fast")
        if (found := getattr(transformers, name + end, None)) and (not end or kin.fast)
    ]
    assert kinds and kin.fast == hasattr(transformers, f"{name}Fast")
    for kind in kinds:
        told = inspect.signature(kind.__init__).parameters
        found = {
            role: str(told[f"{role}_token"].default)
            for role in tokenizer_classes.ROLES
            if f"{role}_token" in told and told[f"{role}_token"].default is not None
        }
        assert found == kin.special
    assert not kin.file or kin.file in kinds[0].vocab_files_names.values()


def test_classes_by_model_type() -> None:
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    for kind, name in tokenizer_classes.TYPES.items():
        pair = TOKENIZER_MAPPING_NAMES[kind]
        assert {found.removesuffix("Fast") for found in pair if found} == {name}, kind


def told(folder: Path) -> ModelError:
    """What is told where a tokenizer cannot be made."""
    with pytest.raises(ModelError) as caught:
        tokenizer_asked.tokenizer(f"path:{folder}")
    assert str(folder) in caught.value.message and caught.value.hint
    return caught.value


def japanese(folder: Path, **how: Any) -> Path:
    tiny.make("BertJapaneseTokenizer", folder)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertJapaneseTokenizer", **how})
    )
    return folder


def test_unidic_without_its_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unidic = types.ModuleType("unidic")
    unidic.DICDIR = str(tmp_path / "dicdir")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "unidic", unidic)
    how = {"word_tokenizer_type": "mecab", "mecab_kwargs": {"mecab_dic": "unidic"}}
    folder = japanese(tmp_path / "model", **how)
    problem = told(folder)
    assert "UniDic" in problem.message and "python -m unidic download" in problem.hint
    rows = tokenizer_files.load(f"path:{folder}").rows
    assert list(rows.values()) == tiny.WORDPIECE, "the tokens do not depend on MeCab"


def test_options_that_mecab_refuses(tmp_path: Path) -> None:
    how = {"mecab_dic": "unidic_lite", "mecab_option": "-d /nowhere --no-such-option"}
    folder = japanese(tmp_path, word_tokenizer_type="mecab", mecab_kwargs=how)
    problem = told(folder)
    assert "MeCab" in problem.message and "mecab_kwargs" in problem.hint


@pytest.mark.parametrize(
    ("kind", "package"), [("sudachi", "sudachipy"), ("jumanpp", "rhoknp"), ("mecab", "unidic")]
)
def test_word_tokenizers_that_are_not_installed(tmp_path: Path, kind: str, package: str) -> None:
    how = {"mecab_kwargs": {"mecab_dic": "unidic"}} if kind == "mecab" else {}
    folder = japanese(tmp_path, word_tokenizer_type=kind, **how)
    if importlib.util.find_spec(package) is None:
        problem = told(folder)
        assert package in problem.message.lower() and "pip install" in problem.hint
    assert list(tokenizer_files.load(f"path:{folder}").rows.values()) == tiny.WORDPIECE


@pytest.mark.parametrize("name", ["T5Tokenizer", "LlamaTokenizer", "DebertaV2Tokenizer"])
def test_a_damaged_sentencepiece_model(name: str, tmp_path: Path) -> None:
    tiny.make(name, tmp_path)
    path = next(tmp_path.glob("*.model"))
    path.write_bytes(path.read_bytes()[:700] + b"\xff\xff")
    assert path.name in told(tmp_path).message
    with pytest.raises(ModelError, match=path.name):
        tokenizer_files.load(f"path:{tmp_path}")


def test_a_class_on_a_model_of_another_type(tmp_path: Path) -> None:
    """rinna's GPT-2 has a T5Tokenizer of SentencePiece."""
    tiny.make("T5Tokenizer", tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": 0}))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    made = check(tmp_path, fast=False)
    assert type(made).__name__ == "T5Tokenizer"


def test_a_class_of_the_models_own_is_not_guessed(tmp_path: Path) -> None:
    tiny.make("LlamaTokenizer", tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(
        json.dumps(
            {
                "tokenizer_class": "OwnTokenizer",
                "auto_map": {"AutoTokenizer": ["own.OwnTokenizer", None]},
            }
        )
    )
    with pytest.raises(ModelError, match="OwnTokenizer") as caught:
        tokenizer_files.load(f"path:{tmp_path}")
    assert "tokenizer.json" in (caught.value.hint or "")
    fast = fast_folder("LlamaTokenizerFast")
    assert fast
    shutil.copy(fast / "tokenizer.json", tmp_path)
    assert tokenizer_files.load(f"path:{tmp_path}").rows[5]
