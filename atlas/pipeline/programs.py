"""What a site tells programs of itself: `llms.txt`, and an OpenAPI file of its addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from atlas import __version__
from atlas.config.site import text
from atlas.findings.comparisons.data import Comparison
from atlas.findings.senses.data import SenseMap
from atlas.findings.words.answers import AnswersFile, IndexFile, WordFile
from atlas.findings.words.data import LISTED, Listed, ModelWords
from atlas.findings.words.shards import FOLDER, dumps
from atlas.findings.words.view import WordsView
from atlas.maps.facts import About
from atlas.maps.view import MapView
from atlas.pipeline import search
from atlas.section import Gallery, Section

LLMS, OPENAPI = "llms.txt", "data/openapi.json"

_JSON, _PARQUET = "application/json", "application/vnd.apache.parquet"
# What a data file holds, by the end of its name.
_KINDS: dict[str, tuple[type[BaseModel], str]] = {
    ".compare.json": (Comparison, "A comparison of two maps"),
    ".senses.json": (SenseMap, "A sense map"),
    LISTED: (Listed, "The words that atlas.toml lists"),
    ".words.json": (ModelWords, "What the tables of a model's words hold"),
}
_TABLES = {
    ".tokens.parquet": "A model's whole vocabulary, a row a token: token_id, token, text, kind, "
    "pos, reading, latin",
    ".splits.parquet": "How a model's tokenizer splits words, a row a word: word, ids, pieces",
    ".parquet": "A map as a table, a row a token: its text, kind, places, clusters, neighbors",
}


def write_programs(gallery: Gallery, sections: Iterable[Section[Any, Any]]) -> None:
    """Write both files, after all others of `data/`."""
    gallery.writer.write(OPENAPI, dumps(openapi(gallery)))
    gallery.writer.write(LLMS, "\n".join(_llms(gallery, sections)) + "\n")


def openapi(gallery: Gallery) -> dict[str, Any]:
    """The site's addresses as OpenAPI 3.1. https://spec.openapis.org/oas/v3.1.1.html"""
    shown = {f"data/{view.id}.json" for view in gallery.of("maps", MapView)}
    kinds: list[type[BaseModel]] = [About, *(kind for kind, _ in _KINDS.values())]
    paths: dict[str, Any] = {}
    for name in sorted(gallery.writer.files):
        if name.startswith("data/") and name.count("/") == 1:
            if told := _data_file(name, shown):
                paths[f"/{name}"] = told
        elif name.startswith("oembed/") and name.count("/") == 1:
            paths[f"/{name}"] = _got("A map for other sites: an oEmbed answer", _JSON)
    if gallery.of("words", WordsView):
        paths |= _words_paths() | _search_paths(gallery.site.languages)
        kinds += [IndexFile, AnswersFile, WordFile]
    paths[f"/{LLMS}"] = _got("What stands where, as text", "text/plain")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": text(gallery.site.title, gallery.site.languages[0]),
            "version": __version__,
            "summary": "The published files of an embedding atlas. All are static: GET is all "
            "there is.",
        },
        "servers": [{"url": gallery.site.base_url or ".."}],
        "paths": paths,
        "components": {"schemas": _schemas(kinds)},
    }


def _data_file(name: str, shown: Iterable[str]) -> Mapping[str, Any] | None:
    """What is told of a file directly in data/; None of pictures."""
    if name in shown:
        return _got("A map: model, faithfulness, clusters, landmarks, claims", _JSON, About)
    for end, (kind, title) in _KINDS.items():
        if name.endswith(end):
            return _got(title, _JSON, kind)
    for end, title in _TABLES.items():
        if name.endswith(end):
            return _got(title, _PARQUET)
    media = {"json": _JSON, "csv": "text/csv"}.get(name.rpartition(".")[2])
    if name.endswith(".tokenizer.json"):
        return _got("A tokenizer: its `family`, and `tokenizer` as a tokenizer.json has it", _JSON)
    return _got("What a page of the site is made of", media) if media else None


def _words_paths() -> dict[str, Any]:
    return {
        f"/{FOLDER}index.json": _got("All models, and the files of answers", _JSON, IndexFile),
        f"/{FOLDER}{{file}}.json": _got(
            "The answers of all models to the words of one file",
            _JSON,
            AnswersFile,
            file="the bound of the file in hexadecimal digits, `_` for the empty one",
        ),
        f"/{FOLDER}pages/{{slug}}.json": _got(
            "The answers to one word that has a page",
            _JSON,
            WordFile,
            slug="the word's name in addresses, as in the address of its page: `victory`",
        ),
        f"/{FOLDER}suggest/{{file}}.json": _got(
            "Words that are suggested while somebody types: text, reading, places in models",
            _JSON,
            file="`index`, whose `pages` and `tops` are beginnings of what is typed; a page's in "
            "hexadecimal digits, `_` for the empty one; `top-` and those of a top",
        ),
        f"/{FOLDER}cards/{{slug}}.png": _got(
            "A word's picture for link previews", "image/png", slug="as that of its page"
        ),
    }


def _search_paths(languages: Iterable[str]) -> dict[str, Any]:
    """What the field in the header finds pages by, as atlas/pipeline/search.py tells."""
    return {
        f"/{search.FOLDER}{language}/{{file}}.json": _got(
            "What the pages of an edition say",
            _JSON,
            file="`index`, which tells the other files; the bound of a file of terms in "
            "hexadecimal digits; `texts-` and the number of a file of texts",
        )
        for language in languages
    }


def _got(
    title: str, media: str, kind: type[BaseModel] | None = None, **parameters: str
) -> dict[str, Any]:
    """A path that can be read; `parameters` are the names in its address, and what each means."""
    schema = {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}} if kind else {}
    answer = {"200": {"description": title, "content": {media: schema}}}
    asked = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": what,
            "schema": {"type": "string"},
        }
        for name, what in parameters.items()
    ]
    told: dict[str, Any] = {"summary": title, "responses": answer}
    return {"get": told | ({"parameters": asked} if asked else {})}


def _schemas(kinds: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The schemas of some classes and of all that they hold. Parts of two classes that have one
    name are told apart by the name of the class."""
    found: dict[str, Any] = {}
    for kind in kinds:
        own = f"#/components/schemas/{kind.__name__}.{{model}}"
        schema = kind.model_json_schema(ref_template=own)
        for name, part in schema.pop("$defs", {}).items():
            found[f"{kind.__name__}.{name}"] = part
        found[kind.__name__] = schema
    return dict(sorted(found.items()))


def _llms(gallery: Gallery, sections: Iterable[Section[Any, Any]]) -> Iterator[str]:
    """The lines of llms.txt, in the site's first language. https://llmstxt.org/"""
    language = gallery.site.languages[0]
    root = f"{gallery.site.base_url}/" if gallery.site.base_url else ""
    yield f"# {text(gallery.site.title, language)}"
    yield ""
    if told := text(gallery.site.description, language):
        yield f"> {_line(told)}"
        yield ""
    yield (
        "A static site of maps of language models' vocabularies. Every page has its data as JSON "
        "or Parquet; no key, no query, no limit. Editions: "
        + ", ".join(
            f"{code} at /{'' if code == language else f'{code}/'}"
            for code in gallery.site.languages
        )
        + "."
    )
    yield ""
    yield "## Maps"
    yield ""
    for view in gallery.of("maps", MapView):
        title = _line(view.title(language))
        yield (
            f"- [{title}]({root}maps/{view.id}/): {view.size} tokens of {view.model.id}, "
            f"{view.map.space} space; [JSON]({root}data/{view.id}.json), "
            f"[Parquet]({root}data/{view.id}.parquet)"
        )
    yield ""
    yield from _llms_words(gallery, root)
    rest = [
        section
        for section in sections
        if section.name not in ("maps", "words") and gallery.shown.get(section.name)
    ]
    if rest:
        yield "## Findings"
        yield ""
        for section in rest:
            titles = [_line(view.title(language)) for view in gallery.shown[section.name]]
            told = "; ".join(title for title in titles if title)
            line = f"- [{_line(section.title or section.name)}]({root}{section.address})"
            yield f"{line}: {told}" if told else line
        yield ""
    yield "## Optional"
    yield ""
    yield f"- [OpenAPI]({root}{OPENAPI}): every published file, and the schema of each"
    yield f"- [How it is made]({root}about/): methods, and how far maps can be trusted"


def _llms_words(gallery: Gallery, root: str) -> Iterator[str]:
    for view in gallery.of("words", WordsView):
        names = ", ".join(model.model.id for model in view.models)
        yield "## Words"
        yield ""
        yield (
            f"What each model ({names}) makes of a word: token ids, the tokenizer's split, true "
            f"nearest neighbors by cosine in each space, cluster. {view.size} words."
        )
        yield ""
        yield f"- [A word in every model]({root}words/): the pages"
        yield (
            f"- [Index]({root}{FOLDER}index.json): models, spaces, and `shards`, the bounds of the "
            f"files of answers. A word's key is its text in NFKC, case folded. Its answers are in "
            f"`{FOLDER}HEX.json` of the last bound that is not after the key, HEX being the bytes "
            "of the bound in UTF-8 (`_` for the empty one): "
            "`curl -s SITE/data/words/HEX.json | jq '.words[\"victory\"]'`. Neighbors (`near`, by "
            "`cosine` in thousandths) are places among `.texts` of the file, a list for each space"
        )
        if view.entries:
            entry = view.entries[0]
            yield (
                f"- [One word]({root}{FOLDER}pages/{entry.slug}.json): {len(view.entries)} words "
                f"have a file and a page of their own, `{FOLDER}pages/SLUG.json` and "
                "`words/SLUG/`; of a word in Latin letters SLUG is the word"
            )
        yield ""


def _line(value: str) -> str:
    """A text on one line, without the signs of links."""
    return " ".join(value.split()).replace("[", "(").replace("]", ")")
