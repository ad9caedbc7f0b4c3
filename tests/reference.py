"""The reference of the documentation, from the code, in English and Japanese.

`python -m tests.reference` writes it to site/content/docs/reference/, and brings the catalogue of
its Japanese, tests/locale/ja/LC_MESSAGES/reference.po, to the phrases that the code has now: new
ones without Japanese, changed ones as fuzzy, which an editor then mends.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import typer.main
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, FileSystemLoader, nodes
from pydantic import BaseModel

from atlas import atlas_toml
from atlas.cli.commands import app
from atlas.content.front_matter import Front
from atlas.findings.finding import Finding
from atlas.maps.data import columns
from atlas.maps.facts import About
from atlas.web.page import Common, Page
from atlas.web.theme import theme

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / "site" / "content" / "docs" / "reference"
JAPANESE = CHECKOUT / "tests" / "locale" / "ja" / "LC_MESSAGES" / "reference.po"

HEADER = """# Japanese of the reference of the documentation.
# Released under the licence of the project.
msgid ""
msgstr ""
"Project-Id-Version: embedding atlas VERSION\\n"
"Language: ja\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Tell = Callable[[str], str]  # a phrase in the language of a page

COLUMNS = {
    "token_id": "the id in the tokenizer",
    "token": "as in the tokenizer: `##ing`, `Ġhello`, `▁the`",
    "text": "as a person reads it: `##ing`, `␣hello`, `␣the`, `<0xE3>` for a lone byte",
    "kind": "`word`, `continuation`, `special`, `byte` or `unused`",
    "script": "`Latin`, `Han`, `Kanji and kana`, `Digits`, …; empty where it has none",
    "pos": "UniDic's part of speech, for Japanese",
    "reading": "the reading in katakana, for Japanese",
    "norm": "the length of its vector in this space",
    "suspicion": "how untrained its row of the input table looks: 0 as most rows, 1 as rows known "
    "to be unused; empty where nothing tells",
    "x_NAME": "place on the projection, to the right",
    "y_NAME": "place on the projection, upward",
    "cluster_coarse": "key of a coarse cluster in the JSON; -1 is noise",
    "cluster_fine": "key of a fine cluster in the JSON; -1 is noise",
    "neighbor_ids": "nearest neighbors by cosine, nearest first; exact but where `map.recall` says "
    "how many of them are, empty where the vector is zero, which has none",
    "neighbor_similarities": "their cosine similarities",
    "overlap_NAME": "0..1, the share of the token's 15 nearest neighbors among its 15 nearest on "
    "the projection",
    "label_NAME": "half-octave of zoom from which its label shows; 255 is never",
}
SHORTCODES = {
    "map": "a live map by its id, `height` pixels high; `view` is what a link to a view has after #",
    "word": "a link to what every model makes of a word",
    "figure": "the picture of a map by its id, with a caption",
}
FILES = {  # of the findings' classes
    "Comparison": "FIRST--SECOND.compare.json",
    "SenseMap": "NAME.senses.json",
    "WriteUp": "inputs-embeds.json",
    "TableFile": "MODEL.table.json",
    "OfModel": "MODEL.vocabulary.json",
    "OfPair": "FIRST--SECOND.vocabularies.json",
    "OfOrders": "MODEL.orders.json",
    "ModelWords": "MODEL.words.json",
    "Listed": "listed.words.json",
}


def head(title: str, order: int, lead: str) -> str:
    return f"---\ntitle: {title}\norder: {order}\n---\n\n{lead}\n"


def one_line(text: str) -> str:
    return " ".join(text.split())


def prose(text: str) -> str:
    """Text as it may stand in Markdown: outside of code, < begins no HTML."""
    parts = re.split(r"(`[^`]*`)", one_line(text))
    return "".join(one if one[:1] == "`" else one.replace("<", "\\<") for one in parts)


def cell(text: str) -> str:
    """Text as it may stand in a cell of a table."""
    return prose(text.replace("|", "\\|"))


def rows(head: list[str], body: list[list[str]]) -> str:
    line = "| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n"
    return line + "".join("| " + " | ".join(map(cell, row)) + " |\n" for row in body)


def config(tell: Tell) -> str:
    """Every key of atlas.toml."""
    lead = tell(
        "Every table and key of `atlas.toml`, as `atlas schema` prints them for editors. A mistake is "
        "told with its place and the nearest key."
    )
    schema = atlas_toml.schema()
    parts = [head("atlas.toml", 1, lead)]
    for place, shape in tables(schema, schema, ""):
        what = prose(tell(one_line(shape.get("description", ""))))
        parts.append(f"\n## {place or tell('The file')}\n\n{what}\n\n")
        parts.append(keys(shape, schema, tell))
    what = tell(
        "`content/NAME.md` begins with these, as YAML between two lines `---`; none is needed."
    )
    parts.append(f"\n## {tell('The head of a page of content')}\n\n{what}\n\n")
    front = Front.model_json_schema()
    return "".join([*parts, keys(front, front, tell)])


def keys(shape: dict[str, Any], schema: dict[str, Any], tell: Tell) -> str:
    """The table of the keys of a table."""
    required = set(shape.get("required", ()))
    body = [
        [
            f"`{name}`",
            kind(value, schema, tell),
            tell("needed") if name in required else default(value, tell),
            tell(one_line(described(value, schema))),
        ]
        for name, value in shape["properties"].items()
    ]
    return rows([tell(one) for one in ("key", "value", "default", "what")], body)


def described(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """What is told of a key, or of the table that it holds."""
    inner = [schema["$defs"][ref].get("description", "") for ref in references(value)]
    return str(value.get("description") or next(iter(inner), ""))


def tables(
    schema: dict[str, Any], shape: dict[str, Any], place: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each table with its place, outer ones first; a table of several places at its first."""
    yield place, shape
    for name, value in shape.get("properties", {}).items():
        for inner, listed in inner_tables(value, schema):
            path = f"{place.strip('[]')}.{name}".lstrip(".")
            yield from tables(schema, inner, f"[[{path}]]" if listed else f"[{path}]")


def inner_tables(
    value: dict[str, Any], schema: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], bool]]:
    for one in (value, *value.get("anyOf", ()), *value.get("allOf", ())):
        if "$ref" in one:
            found = schema["$defs"][one["$ref"].rpartition("/")[2]]
            if "properties" in found:
                yield found, False
        if "$ref" in one.get("items", {}):
            found = schema["$defs"][one["items"]["$ref"].rpartition("/")[2]]
            if "properties" in found:
                yield found, True


def kind(value: Any, schema: dict[str, Any], tell: Tell) -> str:
    """What may stand at a key, in words."""
    if not isinstance(value, dict):
        return tell("anything")
    if "$ref" in value:
        found = schema["$defs"][value["$ref"].rpartition("/")[2]]
        return tell("table") if "properties" in found else kind(found, schema, tell)
    if "enum" in value:
        return tell(", ").join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if "anyOf" in value:
        some = [one for one in value["anyOf"] if one.get("type") != "null"]
        if sorted(kind(one, schema, str) for one in some) == ["table of texts", "text"]:
            return tell("text, or one a language")
        return tell(" or ").join(dict.fromkeys(kind(one, schema, tell) for one in some))
    if value.get("type") == "array":
        items = value.get("items") or {"anyOf": value.get("prefixItems", [{}])}
        return tell("list of %(kind)s") % {"kind": several(kind(items, schema, tell), tell)}
    if value.get("type") == "object":
        inner = [kind(one, schema, tell) for one in named(value)]
        return (
            tell("table of %(kind)s") % {"kind": several(inner[0], tell)}
            if inner
            else tell("table")
        )
    return tell(
        {
            "string": "text",
            "integer": "whole number",
            "number": "number",
            "boolean": "`true` or `false`",
        }.get(value.get("type", ""), "anything")
    )


def named(value: dict[str, Any]) -> list[dict[str, Any]]:
    """What a table holds whose keys are names: nothing for other tables."""
    held = [value.get("additionalProperties"), *value.get("patternProperties", {}).values()]
    return [one for one in held if isinstance(one, dict)]


def several(kind: str, tell: Tell) -> str:
    """A kind in the plural, where it is a word; a list of them."""
    words = {"text": "texts", "number": "numbers", "whole number": "whole numbers"}
    words |= {"table": "tables"}
    plural = {tell(one): tell(many) for one, many in words.items()}
    return plural.get(kind, kind)


def default(value: dict[str, Any], tell: Tell) -> str:
    made = value.get("default")
    if made is None or made in ("", [], {}):
        return tell("none")
    if isinstance(made, dict):
        return tell("a table of defaults")
    if isinstance(made, list) and isinstance(made[0], dict):
        return tell("one table of defaults")
    if isinstance(made, bool):
        return f"`{str(made).lower()}`"
    return f"`{made!r}`".replace("'", '"')


def commands(tell: Tell) -> str:
    """Every command, argument and option."""
    lead = tell(
        "Every command of `atlas`. `-v` shows tracebacks and `-q` says only what went wrong, with "
        "every command. Exit codes: 0 fine, 1 failed, 2 usage, 130 interrupted. Messages go to "
        "stderr, data to stdout."
    )
    parts = [head(tell("Commands"), 2, lead)]
    group: Any = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        words = [name, *(one.metavar if one.required else f"[{one.metavar}]" for one in arguments)]
        parts.append(
            f"\n## atlas {name}\n\n{prose(tell(about(command.help)))}\n\n"
            f"```console\natlas {' '.join(words)}\n```\n"
        )
        body = [
            [
                f"`{'`, `'.join(param.opts)}`"
                if param.param_type_name == "option"
                else f"`{param.metavar}`",
                shown_default(param, tell),
                tell(one_line(getattr(param, "help", "") or "")),
            ]
            for param in command.params
            if not {"--verbose", "--quiet"} & set(param.opts)
        ]
        if body:
            titles = [tell(one) for one in ("argument or option", "default", "what")]
            parts.append("\n" + rows(titles, body))
    return "".join(parts)


def about(text: str | None) -> str:
    """A help text without its examples, which stand in `--help`."""
    return one_line((text or "").partition("\b")[0])


def shown_default(param: Any, tell: Tell) -> str:
    shown = getattr(param, "show_default", None)
    if isinstance(shown, str):
        return tell(shown)
    value = param.default
    if param.required or value in (None, False, (), []) or callable(value):
        return ""
    return f"`{value}`"


def data(tell: Tell) -> str:
    """Every column, and every field of the JSON files."""
    lead = tell(
        "Each map is one Parquet table and one JSON file, in `data/` beside `atlas.toml` and under "
        "`/data/` of the site; each finding is one JSON file. `schema_version` goes up when a field "
        "changes its meaning or goes away. In the path of a field `[]` stands for each entry of a list, "
        "`*` for each key of a table of names. `/data/openapi.json` of each site describes the addresses."
    )
    rule = tell("One row a token, in id order.")
    parts = [head(tell("Atlas data"), 3, lead), f"\n## MAP.parquet\n\n{rule}\n\n"]
    found = {name.replace("umap", "NAME"): kind for name, kind in columns(["umap"]).items()}
    body = [[f"`{name}`", str(kind), tell(COLUMNS[name])] for name, kind in found.items()]
    parts.append(rows([tell(one) for one in ("column", "type", "what")], body))
    for file, model in files():
        first = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0]
        parts.append(f"\n## {file}\n\n{prose(tell(one_line(first)))}\n\n")
        schema = model.model_json_schema()
        titles = [tell(one) for one in ("field", "value", "what")]
        parts.append(rows(titles, list(leaves(schema, schema, "", (), tell))))
    return "".join(parts)


def files() -> Iterator[tuple[str, type[BaseModel]]]:
    """The classes of JSON files, by their names; of a finding that FILES lacks, by its folder."""
    yield "MAP.json", About
    for path in sorted((CHECKOUT / "atlas" / "findings").glob("*/data.py")):
        module = importlib.import_module(f"atlas.findings.{path.parent.name}.data")
        for name, kind in vars(module).items():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__
            if own and issubclass(kind, Finding):
                yield FILES.get(name, f"{path.parent.name}: {name}"), kind


def leaves(
    schema: dict[str, Any], shape: dict[str, Any], place: str, seen: tuple[str, ...], tell: Tell
) -> Iterator[list[str]]:
    """Each field with its path; that of a list's entries has [], that of a table's of names *."""
    for name, value in shape.get("properties", {}).items():
        path = f"{place}{name}"
        what = tell(one_line(described(value, schema)))
        refs = [one for one in references(value) if one not in seen]
        inner = [schema["$defs"][one] for one in refs if "properties" in schema["$defs"][one]]
        yield [f"`{path}`", "" if inner else kind(value, schema, tell), what]
        for one, ref in zip(inner, refs, strict=False):
            mark = "[]." if value.get("type") == "array" else ".*." if named(value) else "."
            yield from leaves(schema, one, path + mark, (*seen, ref), tell)


def references(value: dict[str, Any]) -> Iterator[str]:
    for one in (
        value,
        value.get("items", {}),
        *named(value),
        *value.get("anyOf", ()),
    ):
        if isinstance(one, dict) and "$ref" in one:
            yield one["$ref"].rpartition("/")[2]


def templates(tell: Tell) -> str:
    """Every template block, and what each page's template is told."""
    lead = tell(
        "A folder `templates/` beside `atlas.toml` shadows the theme file by file; "
        '`{% extends "atlas/base.html" %}` reaches the original. A block that no page has, and a '
        "template that nothing uses, are told with the nearest name."
    )
    parts = [head(tell("Templates"), 4, lead), f"\n## {tell('Blocks')}\n\n"]
    environment = Environment(
        loader=FileSystemLoader(theme()), extensions=["jinja2.ext.i18n"], autoescape=True
    )
    body = []
    for path in sorted(theme().rglob("*.html")):
        name = path.relative_to(theme()).as_posix()
        tree = environment.parse(path.read_text(encoding="utf-8"))
        blocks = [f"`{block.name}`" for block in tree.find_all(nodes.Block)]
        if blocks:
            body.append([f"`{name}`", ", ".join(blocks)])
    parts.append(rows([tell("template"), tell("blocks")], body))
    what = tell(
        "In pages of content, `{{ NAME(…) }}` calls a macro of `content/parts.html`, which a theme "
        "may extend."
    )
    parts.append(f"\n## {tell('Shortcodes')}\n\n{what}\n\n")
    tree = environment.parse((theme() / "content" / "parts.html").read_text(encoding="utf-8"))
    for macro in (one for one in tree.find_all(nodes.Macro) if one.name[0] != "_"):
        needed = len(macro.args) - len(macro.defaults)
        args = [one.name for one in macro.args[:needed]] + [
            f"{one.name}={value.as_const()!r}"
            for one, value in zip(macro.args[needed:], macro.defaults, strict=True)
        ]
        parts.append(f"- `{macro.name}({', '.join(args)})`: {tell(SHORTCODES[macro.name])}\n")
    every, each = tell("What every page is told"), tell("What each page is told besides")
    parts.append(f"\n## {every}\n\n{listed(Common, tell)}\n\n{tell('Of `page`:')}\n\n")
    parts.append(f"{listed(Page, tell)}\n\n## {each}\n")
    parts += [f"\n### {name}\n\n{listed(kind, tell)}\n" for name, kind in contexts()]
    return "".join(parts)


def contexts() -> Iterator[tuple[str, type]]:
    """The classes of pages' contexts by their templates."""
    modules = ["atlas.pipeline.front", "atlas.content.pages", "atlas.maps.pages"]
    modules += [
        f"atlas.findings.{path.parent.name}.pages"
        for path in sorted((CHECKOUT / "atlas" / "findings").glob("*/pages.py"))
    ]
    for module in modules:
        for kind in vars(importlib.import_module(module)).values():
            if inspect.isclass(kind) and kind.__module__ == module and is_dataclass(kind):
                found = re.search(r"([\w/]+\.html)", kind.__doc__ or "")
                if found:
                    yield found[1], kind


def listed(kind: type, tell: Tell) -> str:
    """The fields of a dataclass, from its docstring, as a list."""
    doc = inspect.cleandoc(kind.__doc__ or "")
    names = [field.name for field in fields(kind)]
    found = re.findall(r"^(\w+) {2,}(.*(?:\n {6,}.*)*)", doc, re.MULTILINE)
    lines = [f"- `{name}`: {prose(tell(one_line(what)))}" for name, what in found if name in names]
    return "\n".join(lines) or prose(tell(one_line(doc)))


PAGES: dict[str, Callable[[Tell], str]] = {
    "config": config,
    "commands": commands,
    "data": data,
    "templates": templates,
}


def phrases() -> Catalog:
    """Every phrase of the reference, in the order of its pages."""
    found = Catalog(locale="ja", domain="reference", project="embedding atlas", version="VERSION")

    def note(phrase: str) -> str:
        if phrase:
            found.add(phrase, flags=["python-format"] if "%(" in phrase else ())
        return phrase

    for make in PAGES.values():
        make(note)
    return found


def catalogue() -> Catalog:
    """The catalogue of its Japanese as it is kept."""
    with JAPANESE.open("rb") as file:
        return read_po(file, locale="ja", domain="reference")


def japanese() -> Tell:
    """Tells a phrase in Japanese; one without, in English."""
    told = {str(one.id): str(one.string) for one in catalogue() if one.id and not one.fuzzy}
    return lambda phrase: told.get(phrase) or phrase


def written() -> Iterator[tuple[Path, str]]:
    """The files of the reference and what they hold."""
    for suffix, tell in (("", str), (".ja", japanese())):
        for name, make in PAGES.items():
            yield FOLDER / f"{name}{suffix}.md", make(tell)


if __name__ == "__main__":
    kept = catalogue()
    kept.update(phrases())
    with JAPANESE.open("wb") as file:
        file.write(HEADER.encode())  # Babel's own has the time of writing
        write_po(file, kept, width=0, omit_header=True, ignore_obsolete=True)
    for path, text in written():
        path.write_text(text, encoding="utf-8")
