"""atlas.toml: every error at once, each with its place; what is valid survives a round trip."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from atlas import atlas_toml
from atlas.atlas_toml import Config, load
from atlas.config import site as site_
from atlas.config.faults import table_of
from atlas.config.fields import Part, docstrings
from atlas.config.names import Names, Table
from atlas.errors import ConfigError, UsageError
from atlas.spaces import config
from atlas.spaces.records import KINDS

MODEL = '[[models]]\nid = "a"\nsource = "path:m"\n'

OLD = "write an address below the root of the site, as in `old/page/`"
NEW = "write a full address, or one below the root of the site, as in `about/`"
BAD: list[tuple[str, list[str]]] = [
    ("", ["models: missing"]),
    ("models = []", ["models: needs at least one entry"]),
    ("models = [1]", ["models[0]: must be a table; begin it with [[models]]"]),
    ('[models]\nid = "a"', ["models: must be a list of tables; begin each with [[models]]"]),
    (
        '[site]\nlanguages = ["en", "de"]\n' + MODEL,
        [
            "site.languages[1]: 'de': has no catalogue of messages yet; `atlas messages de` begins one"
        ],
    ),
    (
        '[site]\naccent = "8a1c5b"\n' + MODEL,
        ["site.accent: '8a1c5b': write a colour as # and six hexadecimal digits, as in `#0b5c8f`"],
    ),
    ("site = 3\n" + MODEL, ["site: must be a table; begin it with [site]"]),
    (
        "colour = 1\n" + MODEL,
        [
            "colour: unknown key (known: site, models, landmarks, claims, compare, pitfall, senses, words, redirects, vocabularies, tables)"
        ],
    ),
    (
        '[pitfall]\n[[models]]\nid = "families"\nsource = "path:m"\n',
        [
            "models[0].id: a page of [pitfall] has the address of a model 'families'; choose another id"
        ],
    ),
    ("[[model]]\n" + MODEL, ["model: unknown key (did you mean models?)"]),
    (MODEL + 'langauge = "ja"', ["models[0].langauge: unknown key (did you mean language?)"]),
    (
        MODEL + 'language = "Japanese"',
        ["models[0].language: 'Japanese': write a language tag such as en, ja or zh-Hant"],
    ),
    (MODEL + 'optional = "yes"', ["models[0].optional: must be true or false, not 'yes'"]),
    (MODEL + "title = 2020-01-01", ["models[0].title: must be text in quotes, not 2020-01-01"]),
    (
        MODEL + 'title = { fr = "x" }',
        [
            "models[0].title.fr: 'fr': has no catalogue of messages yet; `atlas messages fr` begins one"
        ],
    ),
    (MODEL + "title = { en = 3 }", ["models[0].title.en: must be text in quotes, not 3"]),
    (
        MODEL + "maps = {}",
        ["models[0].maps: must be a list of tables; begin each with [[models.maps]]"],
    ),
    (MODEL + "maps = []", ["models[0].maps: needs at least one entry"]),
    (MODEL + 'revision = "v1"', ["models[0].revision: only hub models have revisions"]),
    (MODEL + 'revision = ""', ["models[0].revision: must not be empty"]),
    (
        '[[models]]\nid = "A b"\nsource = "org/name"',
        [
            "models[0].id: 'A b': use small letters, digits and single hyphens, as in `bert-base`",
            "models[0].source: 'org/name': write hub:org/name, path:folder, package:module/folder, vectors:path",
        ],
    ),
    (
        '[[models]]\nid = "a"\nsource = "hubb:o/n"',
        [
            "models[0].source: 'hubb:o/n': write hub:org/name, path:folder, package:module/folder, vectors:path (did you mean hub?)"
        ],
    ),
    (
        '[[models]]\nid = "a"\nsource = "hub:a/b/c"',
        ["models[0].source: 'hub:a/b/c': write hub:org/name"],
    ),
    (
        '[[models]]\nid = "a"\nsource = "package:1x"',
        ["models[0].source: 'package:1x': write package:module/folder"],
    ),
    ('[[models]]\nid = "a"\nsource = "path:"', ["models[0].source: 'path:': write path:folder"]),
    (
        MODEL + '[[models.maps]]\nspace = "inputs"',
        [
            "models[0].maps[0].space: 'inputs' is not one of input, encoder-input, contextual, output (did you mean input?)"
        ],
    ),
    (
        MODEL + "[[models.maps]]\nlayer = 2",
        ['models[0].maps[0].layer: only a contextual space has layers; write space = "contextual"'],
    ),
    (
        MODEL + '[[models.maps]]\nspace = "contextual"\nlayer = "last"',
        ["models[0].maps[0].layer: must be a whole number, not 'last'"],
    ),
    (
        MODEL
        + '[[models.maps]]\n[[models.maps]]\nname = "b"\nprojections = ["pca", "tsne", "umpa"]',
        [
            "models[0].maps[1].projections[2]: 'umpa' is not one of umap, tsne, pca (did you mean umap?)"
        ],
    ),
    (
        MODEL + '[[models.maps]]\nprojections = ["pca", "pca"]',
        ["models[0].maps[0].projections: pca is there twice"],
    ),
    (
        MODEL + "[[models.maps]]\nprojections = []",
        ["models[0].maps[0].projections: needs at least one entry"],
    ),
    (
        MODEL + "[[models.maps]]\nneighbors = 5",
        ["models[0].maps[0].neighbors: 5: should be greater than or equal to 15"],
    ),
    (
        MODEL + '[[models.maps]]\nseed = "3"',
        ["models[0].maps[0].seed: must be a whole number, not '3'"],
    ),
    (
        MODEL + "[[models.maps]]\n[models.maps.umap]\nepochs = true\nmin_dist = 2\nmindist = 1",
        [
            "models[0].maps[0].umap.min_dist: 2: should be less than or equal to 1",
            "models[0].maps[0].umap.epochs: must be a whole number, not true",
            "models[0].maps[0].umap.mindist: unknown key (did you mean min_dist?)",
        ],
    ),
    (
        MODEL
        + '[[models.maps]]\nselection = { first = 0, ids = [5, 2], pattern = "(", kinds = ["words"] }',
        [
            "models[0].maps[0].selection.first: 0: should be greater than 0",
            "models[0].maps[0].selection.ids: the range [5, 2] is empty; write the smaller id first",
            "models[0].maps[0].selection.kinds[0]: 'words' is not one of word, continuation, special, byte, unused "
            "(did you mean word?)",
            "models[0].maps[0].selection.pattern: '(': not a regular expression: missing ), "
            "unterminated subpattern at position 0",
        ],
    ),
    (
        MODEL + "[[models.maps]]\nselection = { first = 1, last = 1 }",
        ["models[0].maps[0].selection.last: excludes `first`; make two maps"],
    ),
    (
        MODEL + "[[models.maps]]\nselection = 3",
        ["models[0].maps[0].selection: must be a table; begin it with [models.maps.selection]"],
    ),
    (MODEL + MODEL, ["models[1].id: 'a' is the id of models[0] already"]),
    (
        MODEL + "[[models.maps]]\n[[models.maps]]",
        ["models[0].maps[1].name: the map id 'a-words' is taken by models[0].maps[0]"],
    ),
    (
        MODEL
        + '[[models.maps]]\nname = "b-c"\n[[models]]\nid = "a-b"\nsource = "path:m"\n[[models.maps]]\nname = "c"',
        ["models[1].maps[0].name: the map id 'a-b-c' is taken by models[0].maps[0]"],
    ),
    (
        '[site]\nbase_url = "example.org"\nlanguages = ["en", "en"]\n' + MODEL,
        [
            "site.base_url: 'example.org': write a full address such as https://atlas.example.org/ or leave it empty",
            "site.languages: en is there twice",
        ],
    ),
    (
        '[site]\nlanguages = ["de"]\n' + MODEL,
        [
            "site.languages[0]: 'de': has no catalogue of messages yet; `atlas messages de` begins one"
        ],
    ),
    ('[site]\nlanguages = "en"\n' + MODEL, ["site.languages: must be a list, not 'en'"]),
    (
        MODEL + '[[landmarks]]\nname = "x"',
        ["landmarks[0]: has no words; give it tokens, cldr, unidic, scripts or pattern"],
    ),
    (
        MODEL + '[[landmarks]]\nname = "x"\ncldr = "country"',
        [
            "landmarks[0].cldr: 'country' is not one of countries, languages, currencies, months, weekdays, units (did you mean countries?)"
        ],
    ),
    (
        MODEL + '[[landmarks]]\nname = "x"\nunidic = "places"',
        [
            "landmarks[0].unidic: 'places' is not one of place, country, person, numeral, counter (did you mean place?)"
        ],
    ),
    (
        MODEL + '[[landmarks]]\nname = "x"\ntokens = ["a", "a"]',
        ["landmarks[0].tokens: a is there twice"],
    ),
    (
        MODEL + '[[landmarks]]\nname = "x"\npattern = "("',
        [
            "landmarks[0].pattern: '(': not a regular expression: missing ), unterminated subpattern at position 0"
        ],
    ),
    (
        MODEL
        + '[[landmarks]]\nname = "x"\ntokens = ["a"]\nmodels = ["b"]\n[[landmarks]]\nname = "x"\ntokens = ["a"]',
        [
            "landmarks[1].name: 'x' is the name of landmarks[0] already",
            "landmarks[0].models[0]: no model 'b' (known: a)",
        ],
    ),
    (
        MODEL + '[[landmarks]]\nname = "eras"\ntokens = ["a"]\n[[claims]]\nset = "era"\nnear = "y"',
        [
            "claims[0].set: no landmark 'era' (did you mean eras?)",
            "claims[0].near: no landmark 'y' (known: eras)",
        ],
    ),
    (
        MODEL + '[[claims]]\nset = "y"\nmodels = ["b"]\n[[landmarks]]\nname = "y"\ntokens = ["a"]',
        ["claims[0].models[0]: no model 'b' (known: a)"],
    ),
    (
        MODEL
        + '[[models.maps]]\n[[models.maps]]\nname = "b"\n'
        + '[[compare]]\nmaps = ["a-words", "a-b"]\n' * 2
        + '[[compare]]\nmaps = ["a-word", "a-b"]\n',
        [
            "compare[1].maps: compared in compare[0] already",
            "compare[2].maps[0]: no map 'a-word' (did you mean a-words?)",
        ],
    ),
    (
        MODEL + '[[senses]]\nname = "x"\nmodel = "b"\ncorpus = "c"\n' * 2,
        [
            "senses[0].model: no model 'b' (known: a)",
            "senses[1].model: no model 'b' (known: a)",
            "senses[1].name: 'x' is the name of senses[0] already",
        ],
    ),
    (
        MODEL + MODEL + '[[models.maps]]\nname = "b"\n[[compare]]\nmaps = ["a-words", "a-b"]',
        ["models[1].id: 'a' is the id of models[0] already"],
    ),
    (MODEL + '[[claims]]\nwords = ["a"]', ["claims[0].words: needs 2 entries"]),
    (
        MODEL + '[[claims]]\ntitle = "x"',
        ["claims[0]: needs either `set`, the name of a landmark, or `words`"],
    ),
    (
        '[site]\nhero = { maps = ["a-wrds", "a-words"] }\n' + MODEL,
        ["site.hero.maps[0]: no map 'a-wrds' (did you mean a-words?)"],
    ),
    (
        '[site]\nlicence = "CC BY"\nnav = [{ title = "", link = "javascript:x" }]\n' + MODEL,
        [
            "site.nav[0].title: '': must not be empty",
            "site.nav[0].link: 'javascript:x': write a full address, or a page of this site as in "
            "`docs/`",
            "site.licence: 'CC BY': write an SPDX identifier such as `CC-BY-4.0`, or an address",
        ],
    ),
    (
        MODEL + '[redirects]\n"a/" = "b"\nb = "a#x"\nc = "about/"\n"c/" = "a"\nd = "d/"\n',
        [
            "redirects.\"c/\": is the address of 'c' already",
            'redirects."a/": leads back to itself',
            'redirects."b": leads back to itself',
            'redirects."c": leads back to itself',
            'redirects."c/": leads back to itself',
            'redirects."d": leads back to itself',
        ],
    ),
    (
        MODEL + "[redirects]\n'../a/' = 'b'\n'x/%2e%2e/y' = 'b'\n'.htaccess' = 'b'\n"
        "'_headers' = 'b'\n'a%00' = 'b'\n'ok/' = 'javascript:x'\n'ok2/' = '//x'\n",
        [
            *(
                f"redirects.{name}: {OLD}"
                for name in (
                    "\"../a/\": '../a/'",
                    "\"x/%2e%2e/y\": 'x/%2e%2e/y'",
                    "\".htaccess\": '.htaccess'",
                    "_headers: '_headers'",
                    "\"a%00\": 'a%00'",
                )
            ),
            f"redirects.\"ok/\": 'javascript:x': {NEW}",
            f"redirects.\"ok2/\": '//x': {NEW}",
        ],
    ),
    (
        '[site]\nlanguages = ["EN", "pt_br", "fr"]\n' + MODEL,
        [
            "site.languages[0]: 'EN': is written en",
            "site.languages[1]: 'pt_br': is written pt-BR",
            "site.languages[2]: 'fr': has no catalogue of messages yet; `atlas messages fr` begins "
            "one",
        ],
    ),
    ("a = [1,\n", ["end of document: invalid value"]),
    (
        "[site]\n[models]\n[site.hero]\n[site.hero]\n",
        ["line 4, column 11: the table [site.hero] stands above already; write its keys there"],
    ),
    (
        "[site]\ntitle = 'a'\ntitle = 'b'\n",
        ["line 3, column 12: this key stands in its table already"],
    ),
    ("[site]\ntitle = “x”\n", ["line 2, column 9: no value; texts stand in straight quotes"]),
    ('[site]\ntitle = "x\n', ["line 2, column 11: a text in quotes ends on its line"]),
    ('[site]\ntitle "x"', ["line 2, column 7: expected '=' after a key in a key/value pair"]),
]


@pytest.mark.parametrize(("toml", "lines"), BAD, ids=[lines[0] for _, lines in BAD])
def test_bad_config(tmp_path: Path, toml: str, lines: list[str]) -> None:
    path = tmp_path / "atlas.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert list(caught.value.problems) == lines
    assert caught.value.exit_code == 1
    assert str(path) in caught.value.message


def test_missing_and_unreadable_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "atlas.toml")
    assert "atlas init" in caught.value.hint
    (tmp_path / "atlas.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "atlas.toml")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "atlas.toml").write_text(MODEL, encoding="utf-8-sig")
    assert load(tmp_path / "atlas.toml").models[0].id == "a"


def test_defaults_paths_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "atlas.toml"
    path.write_text(MODEL, encoding="utf-8")
    found = load(path)
    assert found.root == tmp_path.resolve()
    model = found.models[0]
    assert [entry.id(model) for entry in model.maps] == ["a-words"]
    path.write_text("# a comment\n" + MODEL, encoding="utf-8")
    assert load(path).digest == found.digest
    path.write_text('[site]\nauthor = "x"\n' + MODEL, encoding="utf-8")
    assert load(path).digest != found.digest


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "here" / "below"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    with pytest.raises(UsageError) as caught:
        atlas_toml.find()
    assert caught.value.exit_code == 2
    (deep / "site").mkdir()
    (deep / "site" / "atlas.toml").write_text(MODEL)
    assert atlas_toml.find() == deep / "site" / "atlas.toml"
    (tmp_path / "here" / "atlas.toml").write_text(MODEL)
    assert atlas_toml.find() == tmp_path / "here" / "atlas.toml"
    assert atlas_toml.find(Path("site")) == Path("site") / "atlas.toml"
    assert atlas_toml.find(Path("site/atlas.toml")) == Path("site/atlas.toml")
    with pytest.raises(UsageError):
        atlas_toml.find(tmp_path)  # given a folder, only that folder is meant


def test_text_falls_back_to_what_there_is() -> None:
    assert site_.text({"ja": "地図"}, "en") == "地図"
    assert site_.text({"en": "map", "ja": "地図"}, "ja") == "地図"
    assert site_.text("map", "ja") == "map"
    assert site_.text(None, "ja", "words") == "words"


def parts() -> list[type[BaseModel]]:
    """Config and every class of table within it."""
    seen: list[type[BaseModel]] = []
    waiting: list[type[BaseModel]] = [Config]
    while waiting:
        part = waiting.pop()
        seen.append(part)
        inner = (table_of(field.annotation) for field in part.model_fields.values())
        waiting += [one for one in inner if one is not None and one not in seen]
    return seen


class Odd(Part):
    """A kind of finding of which the package knows nothing."""

    model: str
    """The id of a model."""
    name: str = "odd"
    """Its name."""

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        for table in tables:
            if fault := names.unknown("model", table.text("model")):
                yield f"{table.place}.model: {fault}"
            if owner := names.take("odd", table.text("name"), table.place):
                yield f"{table.place}.name: taken by {owner}"


class Plain(Part):
    """A table that need not agree with others."""

    flag: bool = False
    """Whether."""


class More(Config):
    """atlas.toml of an atlas with two kinds more."""

    odd: tuple[Odd, ...] = ()
    """Odd things."""
    plain: Plain | None = None
    """A single table."""


def test_a_new_kind_needs_a_field_and_its_own_check(tmp_path: Path) -> None:
    path = tmp_path / "atlas.toml"
    path.write_text(MODEL + '[[odd]]\nmodel = "a"\n[plain]\nflag = true', encoding="utf-8")
    config = load(path, More)
    assert isinstance(config, More)
    assert [odd.model for odd in config.odd] == ["a"]
    assert config.plain == Plain(flag=True)
    twice = '[[odd]]\nmodel = "ab"\nname = "x"\n'
    path.write_text(MODEL + twice + twice.replace("ab", "a") + "[plain]\nflg = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(path, More)
    assert list(caught.value.problems) == [
        "plain.flg: unknown key (did you mean flag?)",
        "odd[0].model: no model 'ab' (did you mean a?)",
        "odd[1].name: taken by odd[0]",
    ]


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.__name__)
def test_every_key_is_described_and_frozen(part: type[BaseModel]) -> None:
    assert part.__doc__
    told = docstrings(part)
    for name in part.model_fields:
        assert told.get(name), f"{part.__name__}.{name} has no docstring"
        assert told[name].endswith("."), f"{part.__name__}.{name}: {told[name]}"
    assert part.model_config["frozen"]
    assert part.model_config["extra"] == "forbid"


def test_schema_is_json_and_describes_the_keys() -> None:
    schema = json.loads(json.dumps(atlas_toml.schema()))
    assert schema["required"] == ["models"]
    assert schema["$defs"]["Map"]["properties"]["seed"]["description"]
    assert schema["additionalProperties"] is False


def test_kinds_are_those_of_the_data() -> None:
    annotation = config.Selection.model_fields["kinds"].annotation
    assert all(f"'{kind}'" in str(annotation) for kind in KINDS)
    assert len(re.findall(r"'(\w+)'", str(annotation))) == len(KINDS)


def test_the_published_atlas_is_valid() -> None:
    found = load(Path(__file__).parents[1] / "site" / "atlas.toml")
    assert [model.id for model in found.models if not model.optional] == ["minilm", "ja-aozora"]
    assert all(model.source.startswith("hub:") for model in found.models if model.optional)
    for model in found.models:
        for value in (model.title, model.description):
            assert isinstance(value, dict)
            assert set(value) == {"en", "ja"}


def toml(value: Any) -> str:
    """Enough of a TOML writer for what a config holds."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key)} = {toml(entry)}" for key, entry in value.items())
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


words = st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"]), max_size=12)
slugs = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,3})?", fullmatch=True)
texts = words | st.dictionaries(st.sampled_from(["en", "ja"]), words, min_size=1)


def tables(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables in which any key may be left out."""
    return st.fixed_dictionaries({}, optional=keys)


def distinct(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, unique=True)


selections = tables(
    first=st.integers(1, 10**6),
    ids=st.tuples(st.integers(0, 9), st.integers(9, 99)),
    kinds=distinct(*KINDS),
    scripts=st.lists(words, min_size=1, max_size=3),
    pattern=words.map(re.escape),
)
maps = tables(
    title=texts,
    description=texts,
    selection=selections,
    projections=distinct("umap", "tsne", "pca"),
    neighbors=st.integers(15, 100),
    seed=st.integers(0, 2**31),
    umap=tables(
        min_dist=st.floats(0, 1),
        epochs=st.integers(1, 999),
        implementation=st.sampled_from(["torch", "umap-learn"]),
    ),
    tsne=tables(iterations=st.integers(50, 999)),
    clusters=tables(coarse=st.integers(2, 99), fine=st.integers(2, 99)),
)
sources = st.sampled_from(["hub:o/n", "path:../x y", "package:m/f"])
languages = st.sampled_from(["en", "ja", "zh-Hant"])
models = st.fixed_dictionaries(
    {"id": slugs, "source": sources, "maps": st.lists(maps, min_size=1, max_size=2)},
    optional={
        "title": texts,
        "description": texts,
        "optional": st.booleans(),
        "language": languages,
    },
)
sites = tables(
    title=texts,
    description=texts,
    author=words,
    base_url=st.sampled_from(["", "https://a.example/x"]),
    languages=distinct("en", "ja"),
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    site=sites,
    entries=st.lists(models, min_size=1, max_size=3, unique_by=lambda model: model["id"]),
)
def test_round_trip(tmp_path: Path, site: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    """What a file says is what the config holds, and the config written out again says the same."""
    path = tmp_path / "atlas.toml"
    for index, model in enumerate(
        entries
    ):  # distinct ids after `<model>-<name>`, which is not the matter here
        model["id"] = f"{model['id'].replace('-', '')}x{index}"
        for position, entry in enumerate(model["maps"]):
            entry["name"] = f"m{position}"
    path.write_text(f"site = {toml(site)}\nmodels = {toml(entries)}\n", encoding="utf-8")
    found = load(path)
    for key, value in site.items():
        assert toml(getattr(found.site, key)) == toml(value)
    for model, raw in zip(found.models, entries, strict=True):
        assert toml(model.maps[0].selection.conditions().get("ids")) == toml(
            raw["maps"][0].get("selection", {}).get("ids")
        )
        assert [entry.id(model) for entry in model.maps] == [
            f"{raw['id']}-{entry['name']}" for entry in raw["maps"]
        ]
    dumped = found.model_dump(mode="json", exclude_none=True)
    path.write_text(
        f"site = {toml(dumped['site'])}\nmodels = {toml(dumped['models'])}\n", encoding="utf-8"
    )
    again = load(path)
    assert again == found
    assert again.digest == found.digest
    assert isinstance(again, Config)
