"""Lines of keys in atlas.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.atlas_toml import load
from atlas.cli.say import print_error
from atlas.config.toml_lines import line_of
from atlas.errors import ConfigError

TEXT = '''# an atlas
[site]
title = """
author = "no key"
"""
author = "A"
hero.heading = "x"

[[models]]
id = "a"
[[models.maps]]
name = "one"
[[models.maps]]
  name = "two"
  tsne = { iterations = 5 }

[[models]]
id = "b"
[[models.maps]]
name = "three"

[pitfall.sentences]
ja = ["x"]
"odd key" = 1
'''


@pytest.mark.parametrize(
    ("place", "start"),
    [
        ("site.author", 'author = "A"'),
        ("site.hero.heading", "hero.heading"),
        ("models[0].id", 'id = "a"'),
        ("models[0].maps[1].name", '  name = "two"'),
        ("models[0].maps[1].tsne.iterations", "  tsne ="),
        ("models[1].maps[0].name", 'name = "three"'),
        ("models[1].source", "[[models]]"),
        ("pitfall.sentences.ja[0]", "ja ="),
        ("pitfall.sentences.'odd key'", '"odd key"'),
    ],
)
def test_the_line_begins_with_the_key_or_its_table(place: str, start: str) -> None:
    number = line_of(TEXT, place)
    assert TEXT.splitlines()[number - 1].startswith(start)
    assert number >= 17 or not place.startswith("models[1]")


def test_what_is_not_there_has_no_line() -> None:
    assert line_of(TEXT, "colour") == 0 and line_of("", "a.b") == 0


@given(
    st.recursive(
        st.integers(0, 9),
        lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict))
)
def test_every_key_of_a_file_has_its_line(tables: dict[str, Any]) -> None:
    lines = [f"{place} = {value}" for place, value in leaves(tables, "")]
    assert tomllib.loads("\n".join(lines)) == tables
    for number, line in enumerate(lines, 1):
        assert line_of("\n".join(lines), line.partition(" = ")[0]) == number


def leaves(value: dict[str, Any], place: str) -> Iterator[tuple[str, int]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, f"{place}{key}.")
        else:
            yield f"{place}{key}", inner


def test_problems_are_printed_with_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "atlas.toml"
    path.write_text('[site]\ntitle = 3\n\n[[models]]\nid = "m"\nsorce = "path:m"\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    print_error(caught.value)
    told = capsys.readouterr().err
    assert "  line 2: site.title: " in told and "  line 6: models[0].sorce: unknown key" in told
