"""An author's own site, as a test writes it beside an atlas.toml."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "content/notes.md": """---
title: "Notes & more"
order: 1
date: 2026-11-20
---

The *first* notes, and {{ word("king") }}.

## A live map

{{ map("minilm-words", height=420) }}

See [the guide](guide/index.md#b), [all maps](/), [this part](#a-live-map) and ![a dot](dot.svg).

```
{{ map("none") }}
```

## A picture

{{ figure("ja-aozora-words", caption="All & more") }}

| a | b |
|---|---|
| 1 | 2 |
""",
    "content/notes.ja.md": '# メモ\n\nこれは*メモ*です。\n\n## 地図\n\n{{ map("ja-aozora-words") }}\n',
    "content/guide/index.md": "---\ntitle: Guide\n---\n\nRead on.\n\n## B\n\ntext\n",
    "content/guide/first.md": "---\ntitle: First\norder: 1\n---\n\nOne.\n",
    "content/guide/second.md": "---\ntitle: Second\norder: 2\n---\n\nTwo.\n",
    "content/guide/parts/index.md": "---\ntitle: Parts\norder: 1\n---\n\nOf it.\n",
    "content/guide/parts/one.md": "---\ntitle: Part one\norder: 9\n---\n\n1.\n",
    "content/guide/no-first/page.md": "---\ntitle: Alone\norder: 0\n---\n\n0.\n",
    "content/guide/draft.md": "---\ntitle: Draft\ndraft: true\n---\n\nNot yet.\n",
    "content/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"/>\n',
    "static/CNAME": "ada.example\n",
    "static/_headers": "/api/*\n  X-Own: 1\n",
    "static/_redirects": "/here /there 302\n/there/* https://there.example/:splat 302\n",
    "static/files/a b.txt": "as it is\n",
    "own.css": "body { --own: 1 }\n",
    "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path d="M0 0h4v2H0z"/></svg>\n',
    "locale/fr/LC_MESSAGES/atlas.po": (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Maps"\nmsgstr "Cartes"\n'
    ),
}

SITE = """
logo = "logo.svg"
accent = "#8a1c5b"
css = ["own.css"]
licence = "CC-BY-4.0"
footer = { en = "Made by [Ada](https://ada.example/)." }
edit = "https://github.com/ada/atlas/edit/main"
nav = ["guide/", "maps", { title = { en = "Blog", fr = "Blogue" }, link = "https://ada.example/" }]

[site.hero]
heading = { en = "Ada's words", ja = "エイダの言葉", fr = "Les mots d'Ada" }
text = "Two maps."
maps = ["ja-aozora-words"]

[redirects]
"old/" = "guide/#b"
"older" = "https://older.example/"
"older-still/" = "old"

"""


def write(root: Path, **more: str) -> None:
    """Write the author's files, and set the tables of atlas.toml."""
    for name, text in {**FILES, **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    toml = root / "atlas.toml"
    text = toml.read_text(encoding="utf-8")
    text = text.replace('languages = ["en", "ja"]\n', 'languages = ["en", "ja", "fr"]\n' + SITE, 1)
    toml.write_text(text, encoding="utf-8")
