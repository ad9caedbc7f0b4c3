"""Markdown as HTML: CommonMark with tables, footnotes and definition lists, headings that can be
linked to, and shortcodes.

A shortcode is a call in two braces, `{{ map("minilm-words", height=420) }}`, with constants for
arguments. It is found outside of code and of HTML only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

_CALL = re.compile(r"\{\{\s*([a-z_]\w*\(.*?\))\s*\}\}", re.DOTALL)
_OPEN = re.compile(r"\{\{\s*([a-z_]\w*\([^}\n]*)")  # and not closed
_OTHER = re.compile(r"\{\{([^{}\n]*)\}\}")  # no call
_VERBATIM = re.compile(
    r"<(pre|code|script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)
_LIVE = "shortcode"
_BLOCK = re.compile(r"\s*<(figure|p|div|section|table|ul|ol|pre|details)\b")
_TARGETS = {"link_open": "href", "image": "src"}  # tokens that lead somewhere

Call = tuple[str, list[object], dict[str, object]]  # a name, and arguments without and with names


@dataclass(frozen=True)
class Surroundings:
    """What a page's Markdown is rendered in.

    link   makes the address of a link or a picture, as written, one from the page
    part   makes the HTML of a shortcode; it raises LookupError, TypeError or ValueError for one
           that is none
    table  the name, for screen readers, of a table below no heading; others are named after theirs
    """

    link: Callable[[str], str]
    part: Callable[[Call], Markup]
    table: str


@dataclass(frozen=True)
class Parsed:
    """A page's Markdown, parsed: its title, its first paragraph as text, and its tokens."""

    title: str
    lead: str
    tokens: Sequence[Token]

    def html(self, around: Surroundings) -> Markup:
        """The HTML. Raises ValueError `line N: …` for a shortcode or a link that is none."""
        env: Env = {"around": around}
        return Markup(_markdown().renderer.render(self.tokens, _markdown().options, env))  # noqa: S704  # authors write HTML

    def faults(self, around: Surroundings) -> Iterator[str]:
        """`line N: …` for each shortcode and each link that is none."""
        for token in _all(self.tokens):
            try:
                if token.type == _LIVE:
                    _made_of(token, around)
                elif token.type in _TARGETS:
                    _target(token, around)
                elif token.type in ("html_block", "html_inline"):
                    _check_html(token)
            except ValueError as problem:
                yield str(problem)


Env = MutableMapping[str, Surroundings]


def parse(source: str) -> Parsed:
    """Parse Markdown without its head."""
    tokens = _markdown().parse(source, {})
    title = lead = ""
    for before, token in pairwise(tokens):
        if before.type == "heading_open" and before.tag == "h1" and not title:
            title = _plain(token)
        if before.type == "paragraph_open" and before.level == 0 and not lead:
            lead = _plain(token)
    return Parsed(title, lead, tokens)


def inline(source: str) -> Markup:
    """One line of Markdown, as a footer's, as HTML."""
    return Markup(MarkdownIt("commonmark").renderInline(source))  # noqa: S704  # the author's own


def _plain(token: Token) -> str:
    return "".join(
        child.content if child.type in ("text", "code_inline") else " "
        for child in token.children or ()
        if child.type in ("text", "code_inline", "softbreak")
    ).strip()


def slug(heading: str) -> str:
    """The id of a heading: its words with hyphens between them."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-") or "part"


def _markdown() -> MarkdownIt:
    return _MADE


def _make() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    made.use(footnote_plugin).use(deflist_plugin)
    made.use(anchors_plugin, min_level=2, max_level=4, slug_func=slug)
    made.inline.ruler.before("backticks", _LIVE, _find)
    made.core.ruler.push("alone", _alone)
    for name, rule in (
        (_LIVE, _part),
        ("link_open", _linked),
        ("image", _pictured),
        ("table_open", _table),
        ("table_close", lambda *_: "</table></section>\n"),
    ):
        made.add_render_rule(name, rule)
    return made


def _find(state: StateInline, silent: bool) -> bool:
    """The inline rule that finds a shortcode."""
    forms = (_CALL, _OPEN, _OTHER)
    found = next((hit for form in forms if (hit := form.match(state.src, state.pos))), None)
    if found is None:
        return False
    if not silent:
        state.push(_LIVE, "", 0).content = found[1].strip()
    state.pos = found.end()
    return True


def _alone(state: StateCore) -> None:
    """A shortcode alone in its paragraph stands without one. Tokens are told their lines."""
    kept: list[Token] = []
    line = 1
    for token in state.tokens:
        line = token.map[0] + 1 if token.map else line
        token.meta = {**token.meta, "line": line}
        for child in token.children or ():
            child.meta = {**child.meta, "line": line}
            line += child.content.count("\n") + (child.type in ("softbreak", "hardbreak"))
        kept.append(token)
        last = kept[-3:]
        if len(last) == 3 and token.type == "paragraph_close" and _only(last[1]):
            kept[-3:] = last[1].children or []
        elif len(last) == 3 and token.type == "paragraph_close" and not token.hidden:
            for child in last[1].children or ():
                child.meta["within"] = True
    state.tokens = kept


def _only(token: Token) -> bool:
    return [child.type for child in token.children or ()] == [_LIVE]


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _call(token: Token) -> Call:
    """A shortcode's name and arguments. Raises ValueError."""
    try:
        call = ast.parse(token.content, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError("no call")
        args = [ast.literal_eval(one) for one in call.args]
        named = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
    except (ValueError, SyntaxError) as problem:
        raise ValueError(
            f"line {_line(token)}: {{{{ {token.content} }}}} is no shortcode: write a name and, in "
            "parentheses, texts in quotes and numbers, or as code what shall show braces"
        ) from problem
    return call.func.id, args, named


def _part(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    made = str(_made_of(tokens[index], env["around"]))
    if tokens[index].meta.get("within") and _BLOCK.match(made):
        return f"</p>\n{made}\n<p>"  # a paragraph holds no figure
    return made


def _made_of(token: Token, around: Surroundings) -> Markup:
    """The HTML of a shortcode. Raises ValueError."""
    call = _call(token)
    try:
        return around.part(call)
    except (LookupError, TypeError, ValueError) as problem:
        what = problem.args[0] if problem.args else problem
        raise ValueError(f"line {_line(token)}: {call[0]}: {what}") from problem


def _check_html(token: Token) -> None:
    """Raise ValueError for a shortcode in HTML, which stays as it is."""
    if found := _CALL.search(_VERBATIM.sub("", token.content)):
        line = _line(token) + token.content[: token.content.index(found[0])].count("\n")
        raise ValueError(
            f"line {line}: {found[0]} stands in HTML, where nothing is read; let an empty line "
            "stand before and after it"
        )


def _line(token: Token) -> int:
    return int(token.meta.get("line", 1))


def _target(token: Token, around: Surroundings) -> str:
    """The address that a link or a picture leads to. Raises ValueError."""
    try:
        return around.link(str(token.attrs[_TARGETS[token.type]]))
    except ValueError as problem:
        raise ValueError(f"line {_line(token)}: {problem}") from problem


def _linked(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    token = tokens[index]
    token = token.copy(attrs={**token.attrs, "href": _target(token, env["around"])})
    return self.renderToken([token], 0, options, env)


def _pictured(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    token = tokens[index]
    alt = self.renderInlineAsText(token.children or [], options, env)
    source = escape(_target(token, env["around"]))
    title = escape(token.attrs.get("title", ""))
    named = f' title="{title}"' if title else ""
    return f'<img src="{source}" alt="{escape(alt)}"{named} loading="lazy" decoding="async">'


def _table(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    """A table that scrolls, named after the heading above it, and numbered below one heading."""
    heading = ""
    names: list[str] = []
    for place, token in enumerate(tokens[: index + 1]):
        if token.type == "heading_close":
            heading = _plain(tokens[place - 1])
        elif token.type == "table_open":
            names.append(heading)
    own, times = names[-1] or env["around"].table, names.count(names[-1])
    label = escape(own if times == 1 else f"{own} ({times})")
    return f'<section class="scroll" tabindex="0" aria-label="{label}"><table>\n'


_MADE = _make()
