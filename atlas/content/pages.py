"""The pages of content, and the context of their template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from urllib.parse import SplitResult, unquote, urlsplit

from markupsafe import Markup

from atlas.config.faults import nearest
from atlas.config.site import Site
from atlas.content.markdown import Call, Surroundings
from atlas.content.texts import FOLDER, Article, Text, by_file, missing, named, resolve
from atlas.errors import AtlasError
from atlas.maps.sharing import Entry
from atlas.maps.view import MapView
from atlas.web.links import Edition
from atlas.web.page import Page


@dataclass(frozen=True)
class Branch:
    """A page among those of its book, with the pages of the folder of its name; a folder without
    a first page has None for it, and its name as it is written."""

    folder: str
    article: Article | None
    within: Sequence[Branch]

    def name(self, language: str) -> str:
        """What menus call it."""
        return self.article.name(language) if self.article else named(self.folder)


def branches(articles: Sequence[Article], depth: int) -> Sequence[Branch]:
    """The tree of articles in their order, from a part of their addresses on, counted from 0."""
    made = []
    for part, group in groupby(articles, lambda article: article.url.split("/")[depth]):
        first, *rest = group
        if first.url.count("/") == depth + 1:
            made.append(Branch(part, first, branches(rest, depth + 1)))
        else:
            made.append(Branch(part, None, branches([first, *rest], depth + 1)))
    return made


class Writing:
    """All content of a site, as the template of each page uses it."""

    def __init__(self, articles: Sequence[Article], views: Sequence[MapView], edit: str) -> None:
        self.articles = articles
        self.files = by_file(articles)
        self.views = {view.id: view for view in views}
        self.edit = edit

    def map(self, name: str) -> MapView:
        """The map of an id. Raises LookupError with the nearest."""
        if name not in self.views:
            raise LookupError(f"there is no map {name!r}{nearest(name, self.views)}")
        return self.views[name]

    def found(self, name: str) -> MapView | None:
        """The map of an id; None where it is not in this build."""
        return self.views.get(name)

    def beside(self, article: Article) -> Sequence[Article]:
        """The pages of its book, itself included, in their order."""
        return [one for one in self.articles if one.book == article.book]

    def listed(self, article: Article) -> Sequence[Branch]:
        """The pages of its book as a tree of folders; the first page stands among the others."""
        trees = branches(self.beside(article), 0)
        if article.book == "/":
            return trees
        first = [Branch(tree.folder, tree.article, ()) for tree in trees if tree.article]
        return [*first, *trees[0].within]

    def neighbor(self, article: Article, step: int) -> Article | None:
        """The page before (-1) or after (1) in its book."""
        row = self.beside(article)
        place = row.index(article) + step
        return row[place] if len(row) > 1 and 0 <= place < len(row) else None

    def dated(self, language: str) -> Iterator[Entry]:
        """The pages with a date, as a feed tells of them; midnight UTC stands for a day, the first
        text's date for those of translations without one."""
        for article in self.articles:
            text = article.text(language)
            date = text.front.date or article.front.date
            if date and not article.draft:
                summary = text.front.description or text.parsed.lead or text.title
                yield Entry(text.title, article.url, f"{date.isoformat()}T00:00:00Z", summary)

    def edit_link(self, article: Article, language: str) -> str:
        """Where its source can be changed; empty where the site says nothing of it."""
        return f"{self.edit}{FOLDER}/{article.text(language).file}" if self.edit else ""

    def html(
        self, article: Article, edition: Edition, part: Callable[[Call], Markup], table: str
    ) -> Markup:
        """The HTML of its text in an edition. Raises AtlasError naming file and line."""
        text = article.text(edition.language)
        try:
            return text.parsed.html(self._around(text, edition, part, table))
        except ValueError as problem:
            raise AtlasError(
                _placed(text, str(problem)), "Mend it; the old site is still there."
            ) from problem

    def faults(self, edition: Edition, part: Callable[[Call], Markup]) -> Iterator[str]:
        """A line for each shortcode and each link of the texts in the language of an edition that
        is none."""
        for article in self.articles:
            if text := article.texts.get(edition.language):
                for told in text.parsed.faults(self._around(text, edition, part, "")):
                    yield _placed(text, told)

    def _around(
        self, text: Text, edition: Edition, part: Callable[[Call], Markup], table: str
    ) -> Surroundings:
        return Surroundings(lambda to: self._link(text.file, to, edition), part, table)

    def astray(self, site: Site, files: Collection[str]) -> Iterator[str]:
        """A line for each link of the texts that leads to none of the files of the whole site."""
        for language in site.languages:
            edition = Edition(site, language, "")
            for article in self.articles:
                if text := article.texts.get(language):
                    there = partial(self._there, files, text.file, edition)
                    around = Surroundings(there, lambda _: Markup(), "")
                    yield from (_placed(text, told) for told in text.parsed.faults(around))

    def _there(self, files: Collection[str], file: str, edition: Edition, target: str) -> str:
        """A link as it is written, if it leads to one of the files. Raises ValueError."""
        parts = urlsplit(target)
        if _outside(target, parts):
            return target
        place = self._place(file, unquote(parts.path), edition)
        if _held(place) not in files:
            alike = [
                name.removesuffix("index.html")
                for name in files
                if name.endswith("index.html") is place.endswith("/")
            ]
            near = nearest(place, alike, "")
            raise ValueError(f"leads to {target!r}, which the site has not{near}")
        return target

    def _link(self, file: str, target: str, edition: Edition) -> str:
        """A link as it is written in a file, as one from its page."""
        parts = urlsplit(target)
        if _outside(target, parts):
            return target
        tail = (f"?{parts.query}" if parts.query else "") + (
            f"#{parts.fragment}" if parts.fragment else ""
        )
        return edition.file(self._place(file, unquote(parts.path), edition)) + tail

    def _place(self, file: str, path: str, edition: Edition) -> str:
        """Where a path leads that is written in a file, below the root of the site: `/maps/x/` is a
        page of this edition, as `x/` is from the file's folder, `other.md` a page of content,
        `photo.png` a file beside it. Raises ValueError."""
        if path.startswith("/"):
            return edition.prefix + path[1:] if path.endswith("/") else path[1:]
        name, _ = resolve(file, path)
        if path.endswith("/"):
            return edition.prefix + (f"{name}/" if name else "")
        if not name.endswith(".md"):
            return name
        if name not in self.files:
            raise ValueError(missing(name, list(self.files)))
        return edition.prefix + self.files[name].url


def _outside(target: str, parts: SplitResult) -> bool:
    """Whether a link leads away from the site, or stays on its page."""
    return bool(parts.scheme or parts.netloc or target.startswith("#"))


def _held(place: str) -> str:
    """The file that holds an address."""
    return f"{place}index.html" if not place or place.endswith("/") else place


def _placed(text: Text, told: str) -> str:
    """`line N: …` of a text's Markdown, as one of its file, which counts the head."""
    line, colon, rest = told.removeprefix("line ").partition(":")
    return f"{FOLDER}/{text.file}, line {int(line) + text.above}{colon}{rest}"


@dataclass(frozen=True)
class ContentPage:
    """The context of content/page.html.

    article  the page: its texts by language
    writing  all content of the site: `html`, `map`, `found`, `beside`, `listed`, `neighbor`,
             `edit_link`
    """

    article: Article
    writing: Writing


def pages(writing: Writing) -> Iterator[Page]:
    """A page for each article."""
    for article in writing.articles:
        context = ContentPage(article, writing)
        yield Page(article.url, "content/page.html", context, indexed=not article.draft)
