"""Templates to HTML: the environment, its filters, the message catalogues, and the theme's
place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal, format_percent
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
)

from atlas.errors import AtlasError
from atlas.web.languages import catalogue
from atlas.web.theme import folders, theme

# What an expression in a template may raise besides Jinja's own errors.
_MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


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
            environment.filters |= filters(language, messages.gettext)
            self.environments[language] = environment

    def render(self, language: str, template: str, context: dict[str, Any]) -> str:
        try:
            html = self.environments[language].get_template(template).render(context)
            return (
                re.sub(r"([。）])[ \n]+", r"\1", html) if language == "ja" else html
            )  # no space follows either in Japanese
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


def filters(language: str, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    """Numbers as the language writes them, and the words of data translated."""

    def number(value: float, digits: int = 0) -> str:
        value = value if round(value, digits) else 0  # no -0.00
        return str(
            format_decimal(value, "#,##0" + ("." + "0" * digits if digits else ""), locale=language)
        ).replace("-", "−")

    def small(value: float) -> str:
        """Two significant digits of a number below ten."""
        return str(format_decimal(float(f"{value:.2g}"), "#,##0.######", locale=language))

    def percent(value: float, digits: int = 0) -> str:
        return str(
            format_percent(
                value, "#,##0" + ("." + "0" * digits if digits else "") + "%", locale=language
            )
        )

    return {"number": number, "small": small, "percent": percent, "word": gettext}
