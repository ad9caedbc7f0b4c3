"""Renders templates to HTML: an environment for each language, with its filters and messages."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from babel.numbers import format_decimal, format_percent
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_eval_context,
)
from jinja2.filters import do_title
from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from atlas.config.characters import numbered
from atlas.config.faults import nearest
from atlas.config.fields import Text
from atlas.config.languages import LANGUAGES, Language
from atlas.config.site import text
from atlas.errors import AtlasError
from atlas.web.compiling import Escaping, kept
from atlas.web.languages import catalogue
from atlas.web.lettering import LONGEST, NAMED, cut, leftward, rare_scripts
from atlas.web.palette import PALETTE
from atlas.web.theme import folders, theme

# Errors of an expression in a template, besides Jinja's own.
_MISTAKES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
)
_KEPT = 1 << 16  # results of a filter: texts of tokens and numbers come again on many pages
_MEND = "Mend the template; the old site is still there."

# Methods of views that return text in a language, besides `title`. Templates call them as filters,
# as in `{{ view | description }}`.
VIEW_TEXTS = ("model_title", "description", "landmark_title", "claim_title")


# A space after a bracket that holds its own: a message has one beside what a Latin word fills in,
# and a title may end with a bracket instead. Tags may end between them.
_AFTER_BRACKET = re.compile(r"([）」』】](?:</\w+>)*) (?=\S)")


def speaking(gettext: Callable[[str], str], gap: str) -> Callable[..., str]:
    """What templates call as `_`: Jinja's new style of gettext, in one call instead of four, and
    for a language that puts no space between words (`gap` is empty) none after brackets."""

    def filled(message: str, values: Mapping[str, object], *, safe: bool) -> str:
        text = gettext(message)
        said = Markup(text) % values if safe else text % values  # noqa: S704  # of a catalogue
        return said if gap else type(said)(_AFTER_BRACKET.sub(r"\1", str(said)))

    @lru_cache(maxsize=_KEPT)
    def fixed(message: str) -> str:
        return filled(message, {}, safe=True)

    @pass_eval_context
    def said(settings: EvalContext, message: str, /, **values: object) -> str:
        if settings.autoescape and not values:
            return fixed(message)
        return filled(message, values, safe=settings.autoescape)

    return said


class Renderer:
    """Renders templates in the languages of a site. What they compile to is kept, if a folder
    `compiled` is given, for all languages and for later: see `kept`."""

    def __init__(
        self, root: Path, languages: tuple[str, ...], compiled: Path | None = None
    ) -> None:
        cache = kept(compiled) if compiled else None
        self.root, self.languages = root, languages
        self.environments: dict[str, Environment] = {}
        for language in languages:
            environment = Escaping(
                loader=loader(root),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                bytecode_cache=cache,
                extensions=["jinja2.ext.i18n"],
            )
            messages = catalogue(root, language)
            environment.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
            said = speaking(messages.gettext, LANGUAGES[language].gap)
            environment.globals |= {"_": said, "gettext": said}
            environment.filters |= filters(LANGUAGES[language], messages.gettext)
            environment.globals |= {
                "palette": PALETTE,
                "tongue": LANGUAGES[language],
                "tongues": LANGUAGES,
                "translated": partial(translated, environment, (language, *languages, "en")),
            }
            self.environments[language] = environment

    def compile(self, template: str) -> None:
        """Compile a template, so that what is kept of it is there when it is rendered. Raises what
        Jinja does for a faulty one."""
        self.environments[self.languages[0]].get_template(template)

    def render(self, language: str, template: str, context: dict[str, Any]) -> str:
        """The HTML of a template in a language; characters that HTML cannot hold by their numbers.
        Raises AtlasError naming a faulty template."""
        try:
            html = self.environments[language].get_template(template).render(context)
        except TemplateNotFound as problem:
            place = _place(problem, template, self.root)
            raise AtlasError(f"{place}: there is no template {problem.message}", _MEND) from problem
        except TemplateError as problem:
            raise AtlasError(
                f"{_place(problem, template, self.root)}: {problem}", _MEND
            ) from problem
        except UnicodeDecodeError as problem:
            raise AtlasError(
                f"templates/{template}: it, or one that it includes, is not UTF-8", _MEND
            ) from problem
        except RecursionError as problem:
            raise AtlasError(
                f"templates/{template}: includes or calls itself without end", _MEND
            ) from problem
        except _MISTAKES as problem:
            what = f"{type(problem).__name__}: {problem}"
            raise AtlasError(f"{_place(problem, template, self.root)}: {what}", _MEND) from problem
        return numbered(html, "&lt;{}&gt;")


def loader(root: Path) -> BaseLoader:
    """Finds templates: an atlas's own before those of the theme, which `atlas/` always finds."""
    searched = [FileSystemLoader(folder) for folder in folders(root)]
    return ChoiceLoader([*searched, PrefixLoader({"atlas": FileSystemLoader(theme())})])


def _place(problem: Exception, template: str, root: Path) -> str:
    """The template at fault and its line, of those that `template` is made of."""
    if isinstance(problem, TemplateSyntaxError) and problem.name:
        return f"templates/{problem.name}, line {problem.lineno}"
    frames = list(reversed(traceback.extract_tb(problem.__traceback__)))
    for folder in folders(root):  # an atlas's own templates first: the theme's are seldom at fault
        for frame in frames:
            path = Path(frame.filename)
            if path.suffix == ".html" and path.is_relative_to(folder):
                return f"templates/{path.relative_to(folder).as_posix()}, line {frame.lineno}"
    return f"templates/{template}"


class Titled(Protocol):
    """A view."""

    def title(self, language: str) -> str:
        """Its title."""


class Cluster(Protocol):
    """A cluster, which goes by its tokens, or by a title."""

    title: dict[str, str]

    def called(self, language: str) -> str:
        """What it goes by."""


class Mapped(Protocol):
    """A view of tokens in a language."""

    language: str


class Translated(NamedTuple):
    """A template that is written by hand in each language, and its language."""

    template: str
    language: str


def translated(environment: Environment, languages: Iterable[str], name: str) -> Translated:
    """The template in the first of `languages` that has it; `{}` in the name stands for the
    language. Raises TemplatesNotFound when none has it."""
    names = {name.format(language): language for language in languages}
    template = environment.select_template(list(names)).name or ""
    return Translated(template, names[template])


def filters(language: Language, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    """The filters of a language: they format numbers, choose texts of the config, call methods of
    views, and join sentences."""
    code = language.code

    @lru_cache(maxsize=_KEPT)
    def number(value: float, digits: int = 0) -> str:
        value = value if round(value, digits) else 0  # no -0.00
        return str(
            format_decimal(
                value, "#,##0" + ("." + "0" * digits if digits else ""), locale=language.locale
            )
        ).replace("-", "−")

    def small(value: float) -> str:
        """A number below ten with two significant digits."""
        return str(format_decimal(float(f"{value:.2g}"), "#,##0.######", locale=language.locale))

    @lru_cache(maxsize=_KEPT)
    def percent(value: float, digits: int = 0) -> str:
        return str(
            format_percent(
                value,
                "#,##0" + ("." + "0" * digits if digits else "") + "%",
                locale=language.locale,
            )
        )

    def own_text(value: Text | None, fallback: str = "") -> str:
        """A text of the config in this language."""
        return text(value, code, fallback)

    def title(value: str | Titled) -> str:
        """The title of a view; of a string, the string in title case, as by Jinja's filter."""
        return do_title(value) if isinstance(value, str) else value.title(code)

    def sentences(parts: Iterable[str]) -> Markup:
        """The sentences that are not empty, joined by the language's gap."""
        escaped = (escape(part).strip() for part in parts)
        return escape(language.gap).join(part for part in escaped if part)

    @lru_cache(maxsize=_KEPT)
    def shown(value: str, most: int = LONGEST) -> str:
        """A token or a cluster's name, cut, with the names of scripts that a reader may have no
        font for."""
        scripts = language.comma.join(gettext(name) for name in rare_scripts(value))
        return cut(value, most) + (f" ({scripts})" if scripts else "")

    def called(cluster: Cluster) -> str:
        """What a cluster goes by, cut as `shown`."""
        return shown(cluster.called(code), NAMED)

    def named(cluster: Cluster, view: Mapped) -> Markup:
        """The same as an element, in the language of the tokens where these name it."""
        own = "" if cluster.title else Markup(' lang="{}" translate="no"').format(view.language)
        return Markup("<bdi{}>{}</bdi>").format(own, called(cluster))

    return {
        "number": number,
        "small": small,
        "percent": percent,
        "word": gettext,
        "text": own_text,
        "title": title,
        "sentences": sentences,
        "headings": headings,
        "calling": calling,
        "cut": shown,
        "isolated": isolated,
        "name": partial(shown, most=NAMED),
        "called": called,
        "named": named,
        **{name: _of_view(name, code) for name in VIEW_TEXTS},
    }


@lru_cache(maxsize=_KEPT)
def isolated(value: str) -> Markup:
    """A text among others, as an element of its own where it has spaces, or runs leftward, so that
    what stands beside it would change places with it."""
    apart = " " in value or leftward(value)
    return Markup("<bdi>{}</bdi>").format(value) if apart else escape(value)


def headings(html: Markup) -> list[tuple[Markup, Markup]]:
    """The id and the content of each h2 of finished HTML that has an id."""
    found = re.finditer(r'<h2 id="([^"]+)">(.*?)</h2>', html, re.DOTALL)
    return [(html[slice(*match.span(1))], html[slice(*match.span(2))]) for match in found]


def calling(macros: object) -> Callable[[tuple[str, list[object], dict[str, object]]], Markup]:
    """A function that calls the macro of a template's module: its name, and its arguments without
    and with names. It raises LookupError where there is none of that name, TypeError for arguments
    that it does not take."""
    names = [
        name for name in vars(macros) if isinstance(getattr(macros, name), Macro) and name[0] != "_"
    ]

    def call(asked: tuple[str, list[object], dict[str, object]]) -> Markup:
        name, args, named = asked
        if name not in names:
            raise LookupError(f"no shortcode of this name{nearest(name, names)}")
        return Markup(getattr(macros, name)(*args, **named))  # noqa: S704  # the macro escaped it

    return call


def _of_view(name: str, language: str) -> Callable[..., str]:
    """A filter that calls the view's method of this name, which takes the language last."""
    return lambda view, *asked: str(getattr(view, name)(*asked, language))
