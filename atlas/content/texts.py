"""Finds the pages of `content/`: their files, languages, addresses and order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas.config.faults import nearest
from atlas.content.front_matter import Front, split, strange
from atlas.content.front_matter import read as read_head
from atlas.content.markdown import Parsed, parse
from atlas.errors import AtlasError, ConfigError

FOLDER = "content"


def named(file: str) -> str:
    """A name for people of a file or a folder that has no title."""
    return file.partition(".")[0].replace("-", " ").capitalize()


@dataclass(frozen=True)
class Text:
    """A page in one language: its file below content/, its head, its parsed Markdown, and the
    number of lines above that."""

    file: str
    front: Front
    parsed: Parsed
    above: int

    @property
    def title(self) -> str:
        """Its title: of its head, else its first heading, else the name of its file."""
        return self.front.title or self.parsed.title or named(Path(self.file).name)


@dataclass(frozen=True)
class Article:
    """A page: its address below the root of each edition, and its texts by language."""

    url: str
    texts: Mapping[str, Text]

    def text(self, language: str) -> Text:
        """The text in a language, else in the first that it has."""
        return self.texts.get(language) or next(iter(self.texts.values()))

    def written_in(self, language: str) -> str:
        """The language of the text that `text` gives."""
        return language if language in self.texts else next(iter(self.texts))

    def title(self, language: str) -> str:
        """Its title."""
        return self.text(language).title

    def name(self, language: str) -> str:
        """Its name in menus."""
        return self.text(language).front.menu or self.title(language)

    @property
    def front(self) -> Front:
        """The head of its first text."""
        return next(iter(self.texts.values())).front

    @property
    def draft(self) -> bool:
        """Whether any of its texts is a draft."""
        return any(text.front.draft for text in self.texts.values())

    @property
    def book(self) -> str:
        """The pages that follow one another: those of a folder of content/ and of the folders
        within it, or those that stand in none, `/`."""
        folder, slash, _ = next(iter(self.texts.values())).file.partition("/")
        return folder + slash if slash else "/"


def articles(root: Path, languages: Sequence[str], *, drafts: bool = False) -> list[Article]:
    """The pages of an atlas, book by book; in a book each folder stands where its first page has
    its place, and its pages after that. Raises AtlasError; where there are several faults,
    ConfigError with all of them."""
    made, told = read(root, languages, drafts=drafts)
    if told:
        raise at_fault(told)
    return made


def at_fault(told: Sequence[str]) -> AtlasError:
    """The error of faults that are whole lines."""
    if len(told) == 1:
        return AtlasError(told[0], "Mend it; nothing was written.")
    return ConfigError(f"{len(told)} faults", "Mend them; nothing was written.", told)


def read(
    root: Path, languages: Sequence[str], *, drafts: bool = False
) -> tuple[list[Article], list[str]]:
    """The pages as `articles` has them, without files that cannot be read, and a line for each
    fault of files and their heads."""
    found: dict[str, dict[str, Text]] = {}
    told: list[str] = []
    for path in sorted((root / FOLDER).rglob("*.md")):
        file = path.relative_to(root / FOLDER).as_posix()
        if any(part.startswith((".", "_")) for part in file.split("/")):
            continue
        stem, language = _named(file, languages)
        if language not in languages:
            continue  # of a language that the site is not written in
        try:
            address = _address(stem)
            text, faults = _read(path, file)
        except AtlasError as problem:
            told.append(problem.message)
            continue
        told += [f"{FOLDER}/{file}, {fault}" for fault in faults]
        if drafts or not text.front.draft:
            found.setdefault(address, {})[language] = text
    made = [
        Article(url, {code: texts[code] for code in languages if code in texts})
        for url, texts in found.items()
    ]
    orders = {article.url: article.front.order for article in made}
    return sorted(made, key=lambda article: _rank(article, orders)), told


def unshown(root: Path, languages: Sequence[str]) -> Iterator[str]:
    """A line for each text in what is no language of the site, by its name."""
    for path in sorted((root / FOLDER).rglob("*.md")):
        file = path.relative_to(root / FOLDER).as_posix()
        _, language = _named(file, languages)
        if language not in languages and not any(part[0] in "._" for part in file.split("/")):
            near = nearest(language, languages, "")
            yield f"{FOLDER}/{file}: is not shown, as the site has no {language!r}{near}"


def _named(file: str, languages: Sequence[str]) -> tuple[str, str]:
    """A file's name without its suffixes, and its language: `about.ja.md` is Japanese."""
    stem = file.removesuffix(".md")
    plain, dot, code = stem.rpartition(".")
    # `a.b.md` is a page a.b, unless b is the name of a language
    if dot and re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", code):
        return plain, code
    return stem, languages[0]


def _address(stem: str) -> str:
    parts = stem.split("/")
    if unfit := next((part for part in parts if not re.fullmatch(r"[\w.~-]+", part)), ""):
        raise AtlasError(
            f"{FOLDER}/{stem}.md: {unfit!r} is no part of an address; name it with letters, "
            "digits, hyphens and underscores"
        )
    if parts[-1] == "index":
        parts.pop()
    if not parts:
        raise AtlasError(
            f"{FOLDER}/index.md: the home page is the atlas's own; [site.hero] says what it begins "
            "with"
        )
    return "/".join(parts) + "/"


def _read(path: Path, file: str) -> tuple[Text, list[str]]:
    """A text, and `line N: …` for each fault of its head. Raises AtlasError."""
    try:
        source = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise AtlasError(f"{FOLDER}/{file}: cannot be read as UTF-8 text ({problem})") from problem
    head, body, above = split(source)
    front, told = (Front(), [strange(source)]) if head is None else read_head(head)
    return Text(file, front, parse(body), above), list(filter(None, told))


def _rank(article: Article, orders: Mapping[str, int]) -> tuple[str, list[tuple[int, str]]]:
    parts = article.url.rstrip("/").split("/")
    above = ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
    if article.book != "/":
        above = above[1:]  # a book's own name is what it is sorted by
    return article.book, [(orders.get(url, Front().order), url) for url in above]


def beside(root: Path) -> Iterator[tuple[str, Path]]:
    """Files of content/ that are no Markdown, such as pictures, by name; they stand in the site
    where they stand there."""
    for path in sorted((root / FOLDER).rglob("*")):
        name = path.relative_to(root / FOLDER).as_posix()
        hidden = any(part.startswith((".", "_")) for part in name.split("/"))
        if path.is_file() and path.suffix != ".md" and not hidden:
            yield name, path


def resolve(file: str, target: str) -> tuple[str, str]:
    """A relative link of a file of content/: the name below content/ that it leads to, and its
    anchor. Raises ValueError where it leads out of it."""
    path, mark, anchor = target.partition("#")
    parts = file.split("/")[:-1] if path else file.split("/")
    for part in path.split("/") if path else ():
        if part == "..":
            if not parts:
                raise ValueError(f"the link {target} leads out of content/")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts), mark + anchor


def by_file(found: Sequence[Article]) -> dict[str, Article]:
    """The articles by the names of their files, without the languages."""
    named = {}
    for article in found:
        for language, text in article.texts.items():
            named[text.file.removesuffix(".md").removesuffix(f".{language}") + ".md"] = article
    return named


def missing(name: str, known: Sequence[str]) -> str:
    """What to say of a link to a page that does not exist."""
    return f"there is no {FOLDER}/{name}{nearest(name, known, '')}"
