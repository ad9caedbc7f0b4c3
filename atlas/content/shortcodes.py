"""Shortcodes as their macros declare them, so that what texts ask of them is checked before a map
is there to show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateError, nodes
from markupsafe import Markup

from atlas.config.faults import nearest
from atlas.content.markdown import Call
from atlas.web.render import loader

TEMPLATE = "content/parts.html"


@dataclass(frozen=True)
class Shortcode:
    """What a macro takes.

    arguments  their names, in order
    needed     how many of them have no default
    maps       those that name a map
    open       whether it takes others as well
    """

    arguments: tuple[str, ...]
    needed: int
    maps: frozenset[str]
    open: bool

    def check(self, call: Call, maps: Collection[str], shown: Collection[str]) -> None:
        """Raise ValueError for arguments that it does not take, and for a map that is none of
        `maps`, or is not `shown`."""
        given = self._given(call)
        for key in self.arguments[: self.needed]:
            if given.get(key) in ("", None):
                raise ValueError(f"lacks its {key}: {self._told()}")
        for key, value in given.items():
            if not isinstance(value, str | int | float):
                raise ValueError(f"{key} is a text in quotes or a number")
            if key in self.maps and value not in maps:
                raise ValueError(f"there is no map {value!r}{nearest(str(value), maps)}")
            if key in self.maps and value not in shown:
                raise ValueError(f"the map {value!r} is not in this build; its place says so")
            if key == "height" and (type(value) is not int or not 0 < value < 10_000):
                raise ValueError("height is a number of pixels, as in height=480")

    def _given(self, call: Call) -> dict[str, object]:
        """The values of arguments by name. Raises ValueError for one that it does not take."""
        _, args, named = call
        if len(args) > len(self.arguments) and not self.open:
            raise ValueError(f"takes {len(self.arguments)} arguments: {self._told()}")
        given = dict(zip(self.arguments, args, strict=False))
        for key in named:
            if key in given:
                raise ValueError(f"{key} is given twice")
            if key not in self.arguments and not self.open:
                raise ValueError(f"takes no {key}{nearest(key, self.arguments)}")
        return given | named

    def _told(self) -> str:
        """Its arguments, as a person writes them."""
        return ", ".join(
            name if place < self.needed else f"{name}=…"
            for place, name in enumerate(self.arguments)
        )


def shortcodes(environment: Environment) -> dict[str, Shortcode]:
    """The shortcodes of a theme; none where its template cannot be parsed, which rendering
    tells."""
    found: dict[str, Shortcode] = {}
    for tree in _trees(environment, TEMPLATE):
        for macro in tree.find_all(nodes.Macro):
            if macro.name[0] != "_":
                found.setdefault(macro.name, _of(macro))
    return found


def checking(root: Path, maps: Collection[str], shown: Collection[str]) -> Callable[[Call], Markup]:
    """A function that raises LookupError or ValueError for a call that is none of the shortcodes of
    the templates of an atlas, and makes nothing of any other."""
    known = shortcodes(Environment(loader=loader(root), extensions=["jinja2.ext.i18n"]))  # noqa: S701  # parsed alone

    def part(call: Call) -> Markup:
        if known and call[0] not in known:
            raise LookupError(f"no shortcode of this name{nearest(call[0], known)}")
        if known:
            known[call[0]].check(call, maps, shown)
        return Markup()

    return part


def _of(macro: nodes.Macro) -> Shortcode:
    names = tuple(str(argument.name) for argument in macro.args)
    used = {name.name for name in macro.find_all(nodes.Name)}
    maps = {
        call.args[0].name
        for call in macro.find_all(nodes.Call)
        if isinstance(call.node, nodes.Getattr) and call.node.attr in ("map", "found")
        if call.args and isinstance(call.args[0], nodes.Name)
    }
    return Shortcode(
        names,
        len(names) - len(macro.defaults),
        frozenset(maps & set(names)),
        bool(used & {"varargs", "kwargs"}),
    )


def _trees(environment: Environment, name: str) -> Iterator[nodes.Template]:
    """A template as it is parsed, and those that it extends."""
    seen: set[str] = set()
    while name and name not in seen and isinstance(environment.loader, BaseLoader):
        seen.add(name)
        try:
            tree = environment.parse(environment.loader.get_source(environment, name)[0])
        except (TemplateError, UnicodeDecodeError, OSError, RecursionError):
            return
        yield tree
        above = next((one.template for one in tree.find_all(nodes.Extends)), None)
        name = str(above.value) if isinstance(above, nodes.Const) else ""
