"""Faults of an atlas's own templates that would otherwise change nothing, without a word: blocks
that no page has, and templates that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateError, meta, nodes

from atlas.config.faults import nearest
from atlas.web.theme import theme

# Of each section, included where they exist.
PARTS = ("question.html", "about.html", "on_map.html", "on_model.html")


def lint(root: Path, environment: Environment) -> Iterator[str]:
    """A line for each fault of the templates beside atlas.toml. A template that cannot be parsed
    has none here: rendering tells of it."""
    own = root / "templates"
    if not own.is_dir() or own.resolve() == theme().resolve():
        return
    names = sorted(
        path.relative_to(own).as_posix() for path in own.rglob("*.html") if path.is_file()
    )
    of_theme = {path.relative_to(theme()).as_posix() for path in theme().rglob("*.html")}
    used = set(of_theme)
    for name in (*names, *sorted(of_theme)):
        used |= _uses(environment, name)
    for name in names:
        if name not in used and Path(name).name not in PARTS and ".po" not in name:
            yield f"templates/{name}: no page uses it{nearest(name, of_theme, '')}"
        yield from _blocks(environment, name)


def _uses(environment: Environment, name: str) -> set[str]:
    tree = _parsed(environment, name)
    found = meta.find_referenced_templates(tree) if tree else ()
    return {other.removeprefix("atlas/") for other in found if other and other != f"atlas/{name}"}


def _blocks(environment: Environment, name: str) -> Iterator[str]:
    """The blocks of a template that those it extends do not have, nor any block around them."""
    tree = _parsed(environment, name)
    parent = _parent(tree)
    if tree is None or parent is None:
        return
    known: dict[str, None] = {}
    seen = {name}
    while parent is not None and parent not in seen:
        seen.add(parent)
        above = _parsed(environment, parent)
        if above is None:
            return
        known |= dict.fromkeys(block.name for block in above.find_all(nodes.Block))
        parent = _parent(above)
    inner = {
        deep.name
        for block in tree.find_all(nodes.Block)
        if block.name in known
        for deep in block.find_all(nodes.Block)
    }
    for block in tree.find_all(nodes.Block):
        if block.name not in known and block.name not in inner:
            place = f"templates/{name}, line {block.lineno}"
            yield f"{place}: no page has a block {block.name!r}{nearest(block.name, known)}"


def _parent(tree: nodes.Template | None) -> str | None:
    """The name of the template that this one extends."""
    for node in tree.find_all(nodes.Extends) if tree else ():
        if isinstance(node.template, nodes.Const):
            return str(node.template.value)
    return None


def _parsed(environment: Environment, name: str) -> nodes.Template | None:
    try:
        loader = environment.loader
        return environment.parse(loader.get_source(environment, name)[0]) if loader else None
    except (TemplateError, UnicodeDecodeError, OSError, RecursionError):
        return None
