from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.spaces.stages.describe import describe


def test_facts_of_every_checkpoint(checkpoint: Path) -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(checkpoint)
    facts = describe(work=Work(f"path:{checkpoint}"), language="en").facts
    assert (
        facts["hidden_size"] == config.hidden_size and facts["layers"] == config.num_hidden_layers
    )
    assert facts["heads"] == config.num_attention_heads and facts["vocab_size"] == config.vocab_size
    assert (
        facts["model_type"] == config.model_type
        and facts["architecture"] == config.architectures[0]
    )
    assert facts["bytes"] == sum(
        file.stat().st_size
        for file in checkpoint.iterdir()
        if file.suffix in (".safetensors", ".bin")
    )
    assert facts["tokenizer"] and facts["language"] == "en" and facts["license"] is None


@pytest.mark.parametrize(
    ("readme", "expected"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# Model", "apache-2.0"),
        ("---\r\nlicense: mit\r\n---\r\n", "mit"),
        ('---\nlicense: "cc-by-sa-4.0"\n---\n', "cc-by-sa-4.0"),
        ("---\nlicense:\n- apache-2.0\n- mit\nlanguage: en\n---\n", "apache-2.0, mit"),
        ("---\nlicense:\nlanguage: en\n---\n", None),
        ("---\nlicense: [mit, bsd]\n---\n", "mit, bsd"),
        ("---\nlicense: mit # see below\n---\n", "mit"),
        ("| field | value |\n| --- | --- |\n| Licence | CC0 1.0 |\n", "CC0 1.0"),
        ("# A model\n\nlicense: none of this is front matter\n", None),
        ("", None),
    ],
)
def test_license(tmp_path: Path, readme: str, expected: str | None) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "README.md").write_bytes(readme.encode())
    assert describe(work=Work(f"path:{tmp_path}"), language="en").facts["license"] == expected


def test_a_long_readme_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    spaces = " " * 20_000
    odd = f"|{spaces}|license{spaces}|{spaces}\n| licence{spaces}x\n{'|' * 20_000}\n| License | MIT\a |\n"
    (tmp_path / "README.md").write_text(odd)
    begin = time.perf_counter()
    facts = describe(work=Work(f"path:{tmp_path}"), language="en").facts
    assert time.perf_counter() - begin < 20
    assert facts["license"] == "MIT<U+0007>"


@pytest.mark.parametrize(
    "config", [{}, {"text_config": None}, {"architectures": None}, {"architectures": []}]
)
def test_sparse_configs(tmp_path: Path, config: dict[str, Any]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    facts = describe(work=Work(f"path:{tmp_path}"), language="ja").facts
    assert facts["language"] == "ja" and facts["hidden_size"] is None and facts["bytes"] is None


def test_text_half_of_a_larger_model(tmp_path: Path) -> None:
    config = {
        "model_type": "gemma3",
        "text_config": {"hidden_size": 640, "num_hidden_layers": 18, "vocab_size": 9},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    facts = describe(work=Work(f"path:{tmp_path}"), language="en").facts
    assert (facts["hidden_size"], facts["layers"], facts["vocab_size"]) == (640, 18, 9)


@pytest.mark.parametrize("content", [None, "{", "[]", b"\xff"])
def test_unreadable_config(tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
    with pytest.raises(ModelError) as caught:
        describe(work=Work(f"path:{tmp_path}"), language="en")
    assert "config.json" in str(caught.value) and caught.value.hint


@pytest.mark.parametrize(
    ("readme", "expected"),
    [
        ("---\nlicense: mit\n---\n\n# all-MiniLM-L6-v2\nThis is", "all-MiniLM-L6-v2"),
        ("# ja-aozora: a small BERT #\n", "ja-aozora: a small BERT"),
        ('---\nmodel_name: "Mine"\n---\n# Other\n', "Mine"),
        ("Some words first.\n\n# Not a name\n", None),
        ("---\nlicense: mit\n---\n", None),
        ("---\nbroken", None),
        ("", None),
    ],
)
def test_name(tmp_path: Path, readme: str, expected: str | None) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "README.md").write_bytes(readme.encode())
    assert describe(work=Work(f"path:{tmp_path}"), language="en").facts["name"] == expected
