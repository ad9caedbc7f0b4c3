"""What is done for every page is done in a short way, with the result of the long one."""

from __future__ import annotations

import os.path

from hypothesis import example, given
from hypothesis import strategies as st

from atlas.config.characters import numbered, unfit
from atlas.web.links import relative

_names = st.sampled_from(["a", "b", "ja", "maps", "x.html"])
_folders = st.lists(_names, max_size=4).map(lambda parts: "".join(f"{part}/" for part in parts))
_addresses = st.tuples(_folders, st.one_of(st.just(""), _names)).map("".join)


@given(_addresses, _addresses)
@example("", "")
def test_links_are_those_of_relpath(url: str, page: str) -> None:
    link = os.path.relpath(url.rstrip("/") or ".", page.rpartition("/")[0] or ".")
    wanted = link.replace(os.sep, "/") + ("/" if url == "" or url.endswith("/") else "")
    assert relative(url, page) == wanted


@given(st.text(st.characters(), max_size=60))
@example("\ud800 \ufffe \x07 \t\n")
def test_every_unfit_character_is_numbered_and_no_other_is(text: str) -> None:
    wanted = "".join(f"<U+{ord(sign):04X}>" if unfit(sign) else sign for sign in text)
    assert numbered(text) == wanted
