"""Whatever stands in atlas.toml, planning a build works or says what is wrong: no traceback, no file
outside, nothing lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import borders
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_atlas_toml import toml

WHOLE: dict[str, Any] = {
    "site": {
        "title": {"en": "A", "ja": "あ"},
        "description": "d",
        "author": "x",
        "base_url": "https://a.example/b",
        "languages": ["en", "ja"],
    },
    "models": [
        {
            "id": "m",
            "source": "path:m",
            "revision": "main",
            "language": "en",
            "title": "M",
            "optional": False,
            "pitfall": True,
            "maps": [
                {
                    "name": "words",
                    "space": "contextual",
                    "layer": -1,
                    "corpus": {"path": "corpus/*.txt", "field": "text", "least": 1, "chunk": 99},
                    "selection": {"first": 5, "kinds": ["word"], "pattern": "^a+", "ids": [0, 9]},
                    "projections": ["umap", "pca"],
                    "neighbors": 15,
                    "seed": 3,
                    "umap": {"min_dist": 0.1, "epochs": 9, "implementation": "torch"},
                    "tsne": {"iterations": 60},
                    "clusters": {"coarse": 4, "fine": 2},
                },
                {"name": "given", "space": "contextual", "words": "words.txt"},
            ],
        }
    ],
    "landmarks": [
        {"name": "months", "cldr": "months", "title": "Months", "languages": ["en"]},
        {
            "name": "few",
            "tokens": ["a", "b"],
            "scripts": ["Latin"],
            "pattern": "x",
            "models": ["m"],
        },
    ],
    "claims": [{"set": "months", "near": "few", "title": {"en": "t"}}, {"words": ["a", "b"]}],
    "compare": [{"maps": ["m-words", "m-given"], "title": "c"}],
    "senses": [
        {"name": "s", "model": "m", "corpus": "senses.jsonl", "words": ["bat"], "layer": -1}
    ],
    "pitfall": {"sentences": {"en": ["a cat"]}},
}


@pytest.fixture
def atlas(tmp_path: Path, models_folder: Callable[[str], Path]) -> Path:
    folder = tmp_path / "atlas"
    (folder / "corpus").mkdir(parents=True)
    (folder / "m").symlink_to(models_folder("wordpiece"))
    (folder / "corpus" / "a.txt").write_text("the quick fox\n" * 20)
    (folder / "words.txt").write_text("the\nquick\n")
    (folder / "senses.jsonl").write_text(
        "".join(
            f'{{"word": "bat", "sense": "{sense}", "text": "{text} bat {sense}"}}\n'
            for sense in ("animal", "club")
            for text in ("a", "the")
        )
    )
    return folder


def written(value: dict[str, Any]) -> str:
    """As TOML, tables of the first level as such."""
    return "".join(f"{toml(key)[1:-1] or 'x'} = {toml(inner)}\n" for key, inner in value.items())


@pytest.mark.slow
@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), times=st.sampled_from([1, 1, 1, 2, 5]))
def test_values(atlas: Path, capsys: Any, seed: int, times: int) -> None:
    choose = random.Random(seed)
    value = WHOLE
    for _ in range(times):
        value = borders.mutated(value, choose)
    (atlas / "atlas.toml").write_text(written(value), encoding="utf-8", errors="replace")
    before = borders.contents(atlas.parent, ".atlas")
    borders.run(capsys, "status", "--offline", str(atlas))
    assert borders.contents(atlas.parent, ".atlas") == before


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_bytes(atlas: Path, capsys: Any, seed: int) -> None:
    choose = random.Random(seed)
    raw = bytearray(written(WHOLE).encode())
    for _ in range(choose.choice([1, 2, 20])):
        raw[choose.randrange(len(raw))] = choose.choice(
            [*b"\x00[]{}'\"\n.=#", choose.randrange(256)]
        )
    (atlas / "atlas.toml").write_bytes(raw)
    borders.run(capsys, "status", "--offline", str(atlas))


def test_what_is_whole_is_planned(atlas: Path, capsys: Any) -> None:
    (atlas / "atlas.toml").write_text(written(WHOLE), encoding="utf-8")
    code, said = borders.run(capsys, "status", "--offline", str(atlas))
    assert code == 0 and "stages would run" in said


MODEL = '[[models]]\nid = "m"\nsource = "path:m"\n'
CORPUS = MODEL + '[[models.maps]]\nspace = "contextual"\ncorpus = {{ path = "{}" }}\n'


@pytest.mark.parametrize(
    "text",
    [
        *(CORPUS.format(path) for path in (".", "/", "**x", "..", "a/**b/*", "~", "a" * 300, "./")),
        *(
            f'[[models]]\nid = "m"\nsource = "{source}"\n'
            for source in (
                "package:__main__", "package:sys", "package:os/path", "path:" + "a" * 5000,
                "path:" + "a/" * 2500, "package:json/" + "b" * 300,
            )
        ),
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "{a = " * 3000 + "1" + "}" * 3000,
        ".".join("a" * 3000) + " = 1",
        MODEL + "[[models.maps]]\nseed = " + "9" * 5000,
        MODEL + "[[models.maps]]\nseed = " + "9" * 4000,
        MODEL + '[[models.maps]]\nselection = { pattern = "a{99999999999999999999}" }',
        MODEL + '[[models.maps]]\nselection = { pattern = "' + "(" * 4000 + ")" * 4000 + '" }',
        MODEL + f'[[models.maps]]\nspace = "contextual"\nwords = "{"a" * 300}"',
        MODEL + '[[models.maps]]\nspace = "contextual"\nwords = "/"',
        MODEL + 'title = "a\\u0000b"',
        '[site]\nbase_url = "https://[a/"\n' + MODEL,
        '[site]\nbase_url = "https://a.example/\\nx"\n' + MODEL,
    ],
)  # fmt: skip
def test_known_oddities_are_told(atlas: Path, capsys: Any, text: str) -> None:
    (atlas / "atlas.toml").write_text(text, encoding="utf-8")
    code, said = borders.run(capsys, "status", "--offline", str(atlas))
    assert code == 1, said
    assert len(said) < 3000 or "path" in said
