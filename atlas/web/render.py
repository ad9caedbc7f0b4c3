"""Templates to HTML: the environment, its filters, the message catalogues, and the theme's
place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from babel.numbers import format_decimal, format_percent
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
)
from jinja2.filters import do_title
from markupsafe import Markup, escape

from atlas.config.fields import Text
from atlas.config.languages import LANGUAGES, Language
from atlas.config.site import text
from atlas.errors import AtlasError
from atlas.web.languages import catalogue
from atlas.web.theme import folders, theme

# What an expression in a template may raise besides Jinja's own errors.
_MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

# Methods of views that say something in a language; templates call them as filters, as in
# `{{ view | description }}`. `title` is one as well.
VIEW_TEXTS = ("model_title", "description", "landmark_title", "claim_title")


class Renderer:
    """Renders templates in the languages of a site. Raises AtlasError naming the template that is
    wrong."""

    def __init__(self, root: Path, languages: tuple[str, ...]) -> None:
        loaders = [FileSystemLoader(folder) for folder in folders(root)]
        self.languages = languages
        self.environments: dict[str, Environment] = {}
        for language in languages:
            environment = Environment(
                loader=ChoiceLoader([*loaders, PrefixLoader({"atlas": FileSystemLoader(theme())})]),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                extensions=["jinja2.ext.i18n"],
            )
            messages = catalogue(root, language)
            environment.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
            environment.filters |= filters(LANGUAGES[language], messages.gettext)
            environment.globals |= {
                "tongue": LANGUAGES[language],
                "tongues": LANGUAGES,
                "translated": partial(translated, environment, (language, *languages, "en")),
            }
            self.environments[language] = environment

    def render(self, language: str, template: str, context: dict[str, Any]) -> str:
        try:
            return self.environments[language].get_template(template).render(context)
        except TemplateError as problem:
            line = getattr(problem, "lineno", None)
            place = f"{template}{f', line {line}' if line else ''}"
            raise AtlasError(
                f"templates/{place}: {problem}", "Mend the template; the old site is still there."
            ) from problem
        except _MISTAKES as problem:
            what = f"{type(problem).__name__}: {problem}"
            raise AtlasError(
                f"templates/{template}: {what}", "Mend the template; the old site is still there."
            ) from problem


class Translated(NamedTuple):
    """A template that is written by hand in each language, and the language it is written in."""

    template: str
    language: str


def translated(environment: Environment, languages: Iterable[str], name: str) -> Translated:
    """The template in the first of `languages` that has it; `{}` in the name stands for the
    language. Raises TemplatesNotFound where none has."""
    names = {name.format(language): language for language in languages}
    found = environment.select_template(list(names)).name or ""
    return Translated(found, names[found])


def filters(language: Language, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    """The filters of a language: numbers as it writes them, texts of the config and titles of views
    in it, and sentences put together."""
    code = language.code

    def number(value: float, digits: int = 0) -> str:
        value = value if round(value, digits) else 0  # no -0.00
        return str(
            format_decimal(
                value, "#,##0" + ("." + "0" * digits if digits else ""), locale=language.locale
            )
        ).replace("-", "−")

    def small(value: float) -> str:
        """Two significant digits of a number below ten."""
        return str(format_decimal(float(f"{value:.2g}"), "#,##0.######", locale=language.locale))

    def percent(value: float, digits: int = 0) -> str:
        return str(
            format_percent(
                value,
                "#,##0" + ("." + "0" * digits if digits else "") + "%",
                locale=language.locale,
            )
        )

    def own_text(value: Text | None, fallback: str = "") -> str:
        """A text of the config, which may have one wording a language."""
        return text(value, code, fallback)

    def title(value: Any) -> str:
        """The title of a view. A string is put into title case, as by Jinja's filter of this
        name."""
        return do_title(value) if isinstance(value, str) else str(value.title(code))

    def sentences(parts: Iterable[str]) -> Markup:
        """Sentences of one paragraph, with the language's gap between them; empty ones are left
        out."""
        told = (escape(part).strip() for part in parts)
        return escape(language.gap).join(part for part in told if part)

    return {
        "number": number,
        "small": small,
        "percent": percent,
        "word": gettext,
        "text": own_text,
        "title": title,
        "sentences": sentences,
        **{name: _of_view(name, code) for name in VIEW_TEXTS},
    }


def _of_view(name: str, language: str) -> Callable[..., str]:
    """A filter that calls the view's method of this name, which takes the language last."""
    return lambda view, *asked: str(getattr(view, name)(*asked, language))
