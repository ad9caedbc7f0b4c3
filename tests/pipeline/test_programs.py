"""What a site tells programs: llms.txt, an OpenAPI file, and answers that curl and jq get."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from chrome import serving
from conftest import Built


def described(public: Path) -> dict[str, Any]:
    return dict(json.loads((public / "data" / "openapi.json").read_bytes()))


def place(path: str) -> str:
    """An address with parameters, as a pattern of files."""
    return re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.removeprefix("/")))


def test_every_published_file_of_data_is_described(tiny_atlas: Built) -> None:
    public = tiny_atlas.public
    patterns = [place(path) for path in described(public)["paths"]]
    for path in (public / "data").rglob("*"):
        name = path.relative_to(public).as_posix()
        known = any(re.fullmatch(pattern, name) for pattern in patterns)
        assert known or path.is_dir() or ".card-" in name or name == "data/openapi.json", name
    for pattern in patterns:
        names = [path.relative_to(public).as_posix() for path in public.rglob("*")]
        cards = "/cards/" in pattern  # of sites with an address alone
        assert cards or any(re.fullmatch(pattern, name) for name in names), pattern


def test_every_file_is_as_its_schema_says(tiny_atlas: Built) -> None:
    public, told = tiny_atlas.public, described(tiny_atlas.public)
    assert told["openapi"].startswith("3.1")
    checked = 0
    for path, methods in told["paths"].items():
        content = methods["get"]["responses"]["200"]["content"]
        schema = content.get("application/json", {}).get("schema")
        found = [
            one
            for one in sorted(public.rglob("*.json"))
            if re.fullmatch(place(path), one.relative_to(public).as_posix())
        ]
        for one in found[:3] if schema else ():
            jsonschema.validate(
                json.loads(one.read_bytes()), {**schema, "components": told["components"]}
            )
            checked += 1
    assert checked > 8


def test_llms_txt_leads_to_files_that_are_there(tiny_atlas: Built) -> None:
    text = (tiny_atlas.public / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[(.*?)\]\((.*?)\)", text, re.M)
    assert all(name.strip() for name, _ in links)
    assert len({address for _, address in links}) == len(links)
    assert {"Vocabularies", "Tables"} <= {name for name, _ in links}
    assert text.startswith("# Tiny atlas\n\n> Two small maps.\n")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 8
    for link in links:
        target = tiny_atlas.public / link
        assert (target / "index.html" if link.endswith("/") else target).is_file(), link


def test_pages_name_the_json_beside_them(tiny_atlas: Built) -> None:
    for page in (
        "maps/minilm-words",
        "ja/maps/ja-aozora-words",
        "words",
        "words/man",
        "ja/words/man",
    ):
        path = tiny_atlas.public / page / "index.html"
        [link] = re.findall(
            r'rel="alternate" type="application/json" href="([^"]+)"',
            path.read_text(encoding="utf-8"),
        )
        assert json.loads((path.parent / link).read_bytes())


SHARD = """
shard() {
  key=$1; shift
  file=$(curl -s "$SITE/data/words/index.json" | jq -r --arg k "$key" '[.shards[] | select(. <= $k)] | last | @base64' | base64 -d | od -An -tx1 -v | tr -d ' \\n')
  curl -s "$SITE/data/words/${file:-_}.json" | jq -rc --arg k "$key" ".words[\\$k] | $1"
}
word() { curl -s "$SITE/data/words/pages/$1.json" | jq -rc "$2"; }
index() { curl -s "$SITE/data/words/index.json" | jq -rc "$1"; }
"""

# Question, command, and what its answer is held against.
QUESTIONS = [
    ("Which models are there?", "index '[.models[].id]'", '["minilm","ja-aozora"]'),
    ("In which languages?", "index '[.models[].language]'", '["en","ja"]'),
    ("Which spaces does MiniLM have?", "index '[.models[0].spaces[].space]'", '["input"]'),
    ("Where is its map?", "index '.models[0].spaces[0].href'", "maps/minilm-words/"),
    ("Of how many neighbors does `kept` count?", "index '.models[0].spaces[0].k'", "15"),
    ("Is victory a token of MiniLM?", "shard victory '.[0].tokens | length'", "1"),
    ("What is its id?", "shard victory '.[0].tokens[0].id'", "3377"),
    ("What kind of token is it?", "shard victory '.[0].tokens[0].kind'", "word"),
    ("Is it a token of ja-aozora?", "shard victory '.[1].tokens'", "null"),
    (
        "How does ja-aozora split it?",
        "shard victory '.[1].split'",
        '["v","##ic","##t","##or","##y"]',
    ),
    ("How does MiniLM split 優勝?", "shard 優勝 '.[0].split'", '["[UNK]","勝"]'),
    ("How is 優勝 read?", "shard 優勝 '.[1].tokens[0].reading'", "ユウショウ"),
    ("What part of speech is it?", "shard 優勝 '.[1].tokens[0].pos'", "名詞"),
    ("Is [unused5] unused?", "shard '[unused5]' '.[0].tokens[0].kind'", "unused"),
    (
        "How is [unused5] read as text?",
        "shard '[unused5]' '.[0].split'",
        '["[","unused","##5","]"]',
    ),
    ("How many neighbors are told?", "shard the '.[0].tokens[0].near[0] | length'", "10"),
    ("Is what no model knows answered?", "shard qqqqqqqq '.'", "null"),
    ("Which word does a page tell of?", "word man .word", "man"),
    ("Where is it?", "word man .page", "words/man/"),
    ("How many tokens has a map?", "curl -s $SITE/data/minilm-words.json | jq .map.tokens", "1500"),
    (
        "Which schema has a map?",
        'curl -s $SITE/data/openapi.json | jq -r \'.paths["/data/minilm-words.json"].get.responses["200"].content["application/json"].schema["$ref"]\'',
        "#/components/schemas/About",
    ),
]


@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "jq", "bash"))), reason="needs curl, jq and bash"
)
def test_twenty_questions_are_answered_by_curl_and_jq_alone(tiny_atlas: Built) -> None:
    assert len(QUESTIONS) >= 20
    with serving(tiny_atlas.public) as address:
        script = [f"SITE={address.rstrip('/')}", SHARD, *(command for _, command, _ in QUESTIONS)]
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(script)],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    answers = done.stdout.splitlines()
    told = {question: answer for (question, _, answer) in QUESTIONS}
    assert dict(zip(told, answers, strict=True)) == told
