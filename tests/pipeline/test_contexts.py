"""What templates are told: themes override them file by file, so the names are a contract."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from conftest import Built
from jinja2 import Environment, meta, nodes

from atlas import atlas_toml
from atlas.content.front_matter import Front
from atlas.content.markdown import parse
from atlas.content.pages import Writing
from atlas.content.texts import Article, Text
from atlas.maps.view import MapView
from atlas.pipeline import compose, rendering
from atlas.pipeline.sections import SECTIONS
from atlas.section import Gallery
from atlas.web.assets import Assets
from atlas.web.identity import Identity
from atlas.web.links import Edition
from atlas.web.page import Common, Page
from atlas.web.render import Renderer
from atlas.web.theme import theme
from atlas.web.writer import Writer

PARTS = ("question", "about", "on_map", "on_model")  # of each section, included where they exist


@pytest.fixture(scope="module")
def gallery(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    settings = atlas_toml.load(tiny_atlas.toml)
    folder = tmp_path_factory.mktemp("composed")
    return compose.arranged(
        settings,
        ["minilm-words", "ja-aozora-words"],
        tiny_atlas.root / "data",
        Writer(folder, tiny_atlas.public, {}),
    )


@pytest.fixture(scope="module")
def kinds(gallery: Gallery) -> dict[str, Page]:
    """A page of each kind, by its template."""
    return {page.template: page for page in compose.pages(gallery, written(gallery))}


def written(gallery: Gallery) -> Writing:
    """Two pages of content."""
    texts = {"en": Text("a.md", Front(), parse("# A\n\nB.\n"), 0)}
    articles = [Article("a/", texts), Article("b/", texts)]
    return Writing(articles, gallery.of("maps", MapView), "")


@pytest.fixture(scope="module")
def environment(gallery: Gallery) -> Environment:
    return Renderer(gallery.root, gallery.site.languages).environments["en"]


def defined(tree: nodes.Template) -> set[str]:
    """Names that a template imports or defines for its own use."""
    found = {macro.name for macro in tree.find_all(nodes.Macro)}
    found |= {node.target for node in tree.find_all(nodes.Import)}
    for imported in tree.find_all(nodes.FromImport):
        found |= {name if isinstance(name, str) else name[1] for name in imported.names}
    for node in tree.find_all(nodes.Assign):  # in a branch, after which Jinja is not sure of it
        found |= {name.name for name in node.find_all(nodes.Name) if name.ctx == "store"}
    return found


def optional(tree: nodes.Template) -> set[str]:
    """Names that a fragment does without."""
    asked = [node.node for node in tree.find_all(nodes.Filter) if node.name == "default"]
    asked += [node.node for node in tree.find_all(nodes.Test) if node.name == "defined"]
    return {node.name for node in asked if isinstance(node, nodes.Name)}


def assigned(tree: nodes.Template) -> set[str]:
    """Names that a template gives to what it includes."""
    found = defined(tree)
    for node in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.With, nodes.For)):
        targets = node.targets if isinstance(node, nodes.With) else [node.target]
        for target in targets:
            names = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
            found |= {name.name for name in names}
    return found


def needed(environment: Environment, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Names that a template needs, and those that it extends, imports and includes."""
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    tree = environment.parse(source)
    inner: set[str] = set()
    for other in meta.find_referenced_templates(tree):
        if other is not None and other not in seen:
            inner |= needed(environment, other, seen | {name})
        elif other is None and "translated(" in source:  # prose of each language
            inner |= needed(environment, "inputs_embeds/prose.en.html", seen | {name})
        elif other is None:  # a part of each section
            for part in PARTS:
                if f"/{part}.html" in source:
                    for path in sorted(theme().glob(f"*/{part}.html")):
                        one = path.relative_to(theme()).as_posix()
                        inner |= needed(environment, one, seen | {name}) - {"views"}
    own = meta.find_undeclared_variables(tree) - defined(tree) - optional(tree)
    return (own | (inner - assigned(tree))) - set(environment.globals) - {"self", "super", "caller"}


def told(page: Page, gallery: Gallery) -> set[str]:
    edition = Edition(gallery.site, "en", page.url)
    assets = Assets({}, {}, "plotly.js", None)
    look = Identity("i.svg", "image/svg+xml", None, None, (), None)
    shared = compose.common(gallery, assets, look, written(gallery))
    return set(rendering.context(page, edition, shared, gallery.writer, {})) | {"fragments"}


def test_every_name_of_every_template_is_told(
    kinds: dict[str, Page], environment: Environment, gallery: Gallery
) -> None:
    assert len(kinds) > 12
    for template, page in kinds.items():
        for name in (template, *page.fragments.values()):
            missing = needed(environment, name) - told(page, gallery)
            assert not missing, f"{name} needs {missing}"


def test_every_field_of_a_context_is_used_and_told_of(
    kinds: dict[str, Page], environment: Environment
) -> None:
    contexts: dict[type, set[str]] = {}
    for template, page in kinds.items():
        used = {
            name
            for one in (template, *page.fragments.values())
            for name in needed(environment, one)
        }
        contexts.setdefault(type(page.context), set()).update(used)
    for kind, used in contexts.items():
        names = {name.name for name in fields(kind)}
        assert names <= used, f"{kind.__name__} tells of {names - used}, which nobody reads"
        described = kind.__doc__ or ""
        assert described and not described.startswith(f"{kind.__name__}(")
        assert len(names) < 2 or all(name in described for name in names), kind.__name__


def test_every_common_name_is_used_and_told_of(
    kinds: dict[str, Page], environment: Environment
) -> None:
    used = {name for template in kinds for name in needed(environment, template)}
    names = {name.name for name in fields(Common)} - {"map_files"}
    assert names <= used, names - used
    assert all(name in (Common.__doc__ or "") for name in names | {"edition", "link", "file"})


def test_templates_are_in_the_folders_of_their_sections(kinds: dict[str, Page]) -> None:
    folders = {Path(template).parent.name for template in kinds} - {""}
    assert folders == {section.name for section in SECTIONS} | {"content"}
