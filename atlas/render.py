"""Templates to HTML: the environment, its filters, the message catalogues, and the theme's place."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError

from atlas.errors import AtlasError

# What an expression in a template may raise besides Jinja's own errors.
_MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_PACKAGE = Path(__file__).resolve().parent
RUNTIME = "plotly-map.min.js"


def theme() -> Path:
    """The folder of the theme: inside the installed package, or beside it in a checkout."""
    inside, beside = _PACKAGE / "templates", _PACKAGE.parent / "templates"
    return inside if inside.is_dir() else beside


def folders(root: Path) -> list[Path]:
    """Where templates and assets are looked for: the atlas's own `templates/` first, file by file, then the theme."""
    own = root / "templates"
    return [own, theme()] if own.is_dir() and own.resolve() != theme().resolve() else [theme()]


def digest(root: Path) -> str:
    """Digest of every file of the theme and of the atlas's own templates."""
    found = hashlib.sha256()
    for folder in folders(root):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "node_modules" not in path.parts:
                found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def asset(root: Path, name: str) -> Path | None:
    """A file of assets/, the atlas's own before the theme's."""
    return next((path for folder in folders(root) if (path := folder / "assets" / name).is_file()), None)


def catalogue(root: Path, language: str) -> Translations:
    """The messages of a language. Messages are in English, so English needs only words for what data say in Japanese."""
    from babel.messages.mofile import write_mo

    found = Translations()
    for folder in reversed(folders(root)):
        path = folder / "locale" / language / "LC_MESSAGES" / "atlas.po"
        if path.is_file():
            compiled = io.BytesIO()
            with path.open("rb") as file:
                write_mo(compiled, read_po(file, locale=language))
            compiled.seek(0)
            found.merge(Translations(compiled))
    return found


@cache
def relative(url: str, page: str) -> str:
    """A site path as a link from a page (`maps/a/` from `ja/about/` is `../../maps/a/`)."""
    folder = page.rpartition("/")[0]
    link = os.path.relpath(url.rstrip("/") or ".", folder or ".").replace(os.sep, "/")
    return f"{link}/" if url == "" or url.endswith("/") else link


class Renderer:
    """Renders templates in the languages of a site. Raises AtlasError naming the template that is wrong."""

    def __init__(self, root: Path, languages: tuple[str, ...]) -> None:
        loaders = [FileSystemLoader(folder) for folder in folders(root)]
        self.languages = languages
        self.environments: dict[str, Environment] = {}
        for language in languages:
            environment = Environment(
                loader=ChoiceLoader([*loaders, PrefixLoader({"atlas": FileSystemLoader(theme())})]),
                autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False,
                extensions=["jinja2.ext.i18n"],
            )  # fmt: skip
            messages = catalogue(root, language)
            environment.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
            environment.filters |= filters(language, messages.gettext)
            self.environments[language] = environment

    def render(self, language: str, template: str, context: dict[str, Any]) -> str:
        try:
            html = self.environments[language].get_template(template).render(context)
            return re.sub(r"([。）])[ \n]+", r"\1", html) if language == "ja" else html  # no space follows either in Japanese
        except TemplateError as problem:
            line = getattr(problem, "lineno", None)
            place = f"{template}{f', line {line}' if line else ''}"
            raise AtlasError(f"templates/{place}: {problem}", "Mend the template; the old site is still there.") from problem
        except _MISTAKES as problem:
            what = f"{type(problem).__name__}: {problem}"
            raise AtlasError(f"templates/{template}: {what}", "Mend the template; the old site is still there.") from problem


def filters(language: str, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    """Numbers as the language writes them, and the words of data translated."""

    def number(value: float, digits: int = 0) -> str:
        value = value if round(value, digits) else 0  # no -0.00
        return str(format_decimal(value, "#,##0" + ("." + "0" * digits if digits else ""), locale=language)).replace("-", "−")

    def small(value: float) -> str:
        """Two significant digits of a number below ten."""
        return str(format_decimal(float(f"{value:.2g}"), "#,##0.######", locale=language))

    def percent(value: float, digits: int = 0) -> str:
        return str(format_percent(value, "#,##0" + ("." + "0" * digits if digits else "") + "%", locale=language))

    return {"number": number, "small": small, "percent": percent, "word": gettext}
