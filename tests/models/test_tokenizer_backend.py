"""A tokenizer.json that is read without transformers splits texts as transformers' class does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas.engine.stage import Work
from atlas.findings.vocabularies.stages import tokenizer as asked_for
from atlas.findings.vocabularies.stages.tokenizer import reader
from atlas.findings.words.stages import portable, splits
from atlas.models import tokenizer_asked
from atlas.models.tokenizer_backend import BERTS, backend
from atlas.spaces.stages.vocabulary import vocabulary
from tests import tiny_tokenizers as tiny

pytestmark = pytest.mark.filterwarnings("ignore")

Files = dict[str, Any]  # the contents of files by name, without .json

TEXTS = ["", "a", " a", "Tôkyô [MASK] 東京タワー", "don't [sep]", "unwanted, RUNNING <late>\u0301x"]


@pytest.fixture(autouse=True)
def _of_version_four() -> None:
    import transformers

    if not transformers.__version__.startswith("4."):
        pytest.skip("transformers is asked")


def configured(**told: Any) -> Callable[[Files], None]:
    def go(files: Files) -> None:
        files["tokenizer_config"] |= told

    return go


def older(files: Files) -> None:
    """As it was saved before transformers 4.34."""
    del files["tokenizer_config"]["added_tokens_decoder"]


def flagged(files: Files) -> None:
    older(files)
    token = {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False}
    files["special_tokens_map"] |= {"mask_token": token | {"single_word": False}}


def otherwise(files: Files) -> None:
    files["tokenizer_config"]["added_tokens_decoder"]["0"]["lstrip"] = True


def beside(files: Files) -> None:
    older(files)
    files["added_tokens"] = {"<late>": 900}


def cut(files: Files) -> None:
    direction = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    files["tokenizer"]["truncation"] = direction


# What is changed, and whether transformers is still spared.
CASES: dict[str, tuple[Callable[[Files], None], bool]] = {
    "as saved": (lambda _: None, True),
    "older": (older, True),
    "cut": (cut, True),
    "cased": (configured(do_lower_case=False), False),
    "accents": (configured(strip_accents=True), False),
    "scripts": (configured(tokenize_chinese_chars=False), False),
    "another special token": (configured(mask_token="<late>"), False),
    "another unknown token": (configured(unk_token="[MASK]"), False),
    "one more": (configured(additional_special_tokens=["<late>"]), False),
    "special tokens are split": (configured(split_special_tokens=True), False),
    "flags of a special token": (flagged, False),
    "flags of an added token": (otherwise, False),
    "added beside": (beside, False),
}


def made(folder: Path, name: str, change: Callable[[Files], None]) -> str:
    """The location of a tokenizer of which something was changed."""
    tiny.make_fast(f"{name}Fast", folder)
    names = ("tokenizer", "tokenizer_config", "special_tokens_map")
    files = {one: json.loads((folder / f"{one}.json").read_text("utf-8")) for one in names}
    change(files)
    for one, content in files.items():
        (folder / f"{one}.json").write_text(json.dumps(content), "utf-8")
    return f"path:{folder}"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", BERTS)
def test_what_is_read_without_transformers_is_what_it_makes(
    name: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, spared = CASES[case]
    location = made(tmp_path / "model", name, change)
    work = Work(location=location)
    assert (backend(location) is not None) is spared
    words = vocabulary(work=work)
    quick = portable.portable(work=work), splits.splits(words, work=work)
    texts = splits.splitter(location)(TEXTS)
    quickly = reader(location)
    for module in (portable, splits, asked_for):
        monkeypatch.setattr(module, "backend", lambda _: None)
    asked = portable.portable(work=work), splits.splits(words, work=work)
    assert quick[0].text == asked[0].text
    for field in ("words", "offsets", "ids", "pieces"):
        first, second = (getattr(one[1], field) for one in (quick, asked))
        assert list(first) == list(second)
    slowly = reader(location)
    assert (quickly.unknown, quickly.ids(TEXTS)) == (slowly.unknown, slowly.ids(TEXTS))
    whole = tokenizer_asked.tokenizer(location)
    assert texts == [
        (whole.tokenize(text), whole.encode(text, add_special_tokens=False)) for text in TEXTS
    ]


LIGHT = """
import sys
from atlas.engine.stage import Work
from atlas.findings.words.stages.portable import portable
from atlas.findings.words.stages.splits import splitter
from atlas.findings.vocabularies.stages.tokenizer import reader
assert portable(work=Work(location=sys.argv[1])).text and splitter(sys.argv[1])(["a"])
assert reader(sys.argv[1]).ids(["a"])[0]
assert not {"transformers", "torch"} & sys.modules.keys()
"""


def test_transformers_is_not_imported(tmp_path: Path) -> None:
    location = made(tmp_path / "model", "BertTokenizer", lambda _: None)
    subprocess.run([sys.executable, "-c", LIGHT, location], check=True)
