"""Maps of one, two and three tokens build, with landmarks and a comparison, and say that there is
nothing to measure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Built

from atlas.web.check import check

TOML = """
[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
selection = {{ first = {count} }}

[[models.maps]]
name = "other"
selection = {{ first = {count} }}
projections = ["pca"]

[[models.maps]]
name = "deep"
space = "contextual"
selection = {{ ids = [7, {last}] }}
projections = ["tsne", "umap"]

[[landmarks]]
name = "first"
pattern = "a|e|P"
tokens = ["fox"]

[[claims]]
set = "first"
"""
COMPARE = '[[compare]]\nmaps = ["m-words", "m-other"]\n'  # which needs three tokens


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_tokens(tmp_path: Path, models_folder: Callable[[str], Path], count: int) -> None:
    atlas = Built(tmp_path)
    model = models_folder("wordpiece").as_posix()
    text = TOML.format(model=model, count=count, last=6 + count)
    atlas.toml.write_text(text + (COMPARE if count == 3 else ""), encoding="utf-8")
    assert atlas.build().maps == 3
    assert check(atlas.public) == []
    assert atlas.data("m-words").about.map.tokens == count
    for page in ("index.html", "maps/m-words/index.html", "about/index.html"):
        assert "nothing to measure" in (atlas.public / page).read_text(encoding="utf-8"), page
        said = (atlas.public / "ja" / page).read_text(encoding="utf-8")
        assert "測るものがありません" in said, page
