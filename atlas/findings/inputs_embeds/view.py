"""What the write-up of the `inputs_embeds` experiment shows, arranged for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from atlas.config.site import text
from atlas.findings.comparisons.view import ComparisonView
from atlas.findings.inputs_embeds.config import QUESTION
from atlas.findings.inputs_embeds.data import Measured, Run, Segment, Sentence, WriteUp
from atlas.maps.config import Model
from atlas.maps.frame import ASPECT
from atlas.web.charts import Chart, chart
from atlas.web.lettering import text_width
from atlas.web.theme import theme

WORDS = 14  # marked on a pair of maps
READABLE = (
    "Latin",
    "Digits",
    "Han",
    "Hiragana",
    "Katakana",
    "Kanji and kana",
)  # scripts that readers have letters for
_FED = ("hidden", "subtracted", "sinusoidal", "lookup")


@dataclass(frozen=True)
class Mark:
    """A word on a picture 1200 wide and 800 high."""

    text: str
    colour: int
    x: int
    y: int

    def free(self, others: Sequence[Mark]) -> bool:
        """Whether it is inside the picture, and in nobody's way."""
        half = text_width(self.text, 27) / 2 + 8
        inside = half < self.x < 1200 - half and 60 < self.y < 780
        return inside and all(
            abs(self.x - one.x) > half + text_width(one.text, 27) / 2 + 8
            or abs(self.y - one.y) > 52
            for one in others
        )


class FoundAgain(NamedTuple):
    """How many of the inputs were found again from hidden_states[0] alone, token by token; the
    largest distance of a nearest token, and the smallest of a second nearest."""

    exact: int
    inputs: int
    nearest: float
    second: float


class Subject:
    """One model of the experiment."""

    def __init__(self, model: Model, measured: Measured, pair: ComparisonView | None) -> None:
        self.model, self.measured, self.pair = model, measured, pair
        self.language = measured.language

    def title(self, language: str) -> str:
        return text(self.model.title, language, self.model.id)

    @property
    def run(self) -> Run:
        """The run in PyTorch, which every model has."""
        return self.measured.runs[0]

    def by(self, framework: str) -> Run | None:
        """The run in a framework, None where there is none or the framework has no such model."""
        return next(
            (run for run in self.measured.runs if run.framework == framework and run.sentences),
            None,
        )

    @cached_property
    def sentence(self) -> Sentence:
        """The sentence of the figures: the first in the model's language."""
        own = [one for one in self.run.sentences if one.text != QUESTION]
        return own[0] if own and self.language.split("-")[0] != "en" else self.run.sentences[0]

    def of(self, run: Run) -> Sentence:
        """The same sentence in another run."""
        return next(one for one in run.sentences if one.text == self.sentence.text)

    @cached_property
    def segment(self) -> Segment:
        return self.sentence.segments[0]

    @cached_property
    def by_layer(self) -> Chart:
        found = self.segment.variants
        lines = {
            name: [layer.relative for layer in one.layers] if (one := found.get(name)) else None
            for name in _FED
        }
        return chart([str(number) for number in range(self.run.layers + 1)], lines, percent=True)

    @cached_property
    def by_position(self) -> Chart:
        found = self.segment.variants
        return chart(
            self.sentence.tokens,
            {name: one.positions if (one := found.get(name)) else None for name in _FED},
        )

    @cached_property
    def parts(self) -> Chart:
        return chart(
            self.sentence.tokens,
            {
                name: self.segment.parts.get(name)
                for name in ("hidden", "word", "position", "segment")
            },
        )

    @cached_property
    def marked(self) -> tuple[list[Mark], list[Mark]]:
        """The same words on both maps of the pair, so chosen that no two stand in each other's way
        on either."""
        pair = self.pair
        if pair is None:
            return [], []
        rows = {
            int(token): (mine, other)
            for token, mine, other in zip(pair.ids[:, 0], *pair.rows, strict=True)
        }
        keys = pair.first.data.column("cluster_coarse")
        found: tuple[list[Mark], list[Mark]] = ([], [])
        central = [
            [
                token
                for token in sorted(one.central)
                if token in rows and _readable(pair, rows[token][0])
            ]
            for one in pair.first.coarse
        ]
        # A word a cluster, by their order in the vocabulary, since vocabularies mostly begin with
        # what readers know.
        for words in sorted(filter(None, central)):
            for token in words:
                text = pair.first.texts[rows[token][0]]
                colour = pair.first.colour.get(int(keys[rows[token][0]]), 0)
                marks = [
                    Mark(
                        text,
                        colour,
                        *((view.unit[row] * (1, -1) + (0, ASPECT)) * 1200)
                        .round()
                        .astype(int)
                        .tolist(),
                    )
                    for view, row in zip((pair.first, pair.beside), rows[token], strict=True)
                ]
                if all(one.free(others) for one, others in zip(marks, found, strict=True)):
                    for one, others in zip(marks, found, strict=True):
                        others.append(one)
                    break
            if len(found[0]) == WORDS:
                break
        return found

    @cached_property
    def found_again(self) -> FoundAgain:
        """The way back over all sentences and both segments."""
        ways = [segment.back for sentence in self.run.sentences for segment in sentence.segments]
        return FoundAgain(
            sum(way.exact for way in ways),
            len(ways),
            max(max(way.nearest) for way in ways),
            min(min(way.second) for way in ways),
        )


class WriteUpView:
    """The whole write-up, of models by their ids."""

    id = "inputs-embeds"

    def __init__(
        self, models: Mapping[str, Model], data: WriteUp, compared: Sequence[ComparisonView]
    ) -> None:
        pairs = {
            pair.first.model.id: pair
            for pair in compared
            if (pair.first.map.space, pair.second.map.space) == ("input", "encoder-input")
            and pair.first.model.id == pair.second.model.id
        }
        self.data = data
        self.subjects = [
            Subject(models[one.model], one, pairs.get(one.model))
            for one in data.models
            if one.model in models and one.runs and one.runs[0].sentences
        ]

    def title(self, language: str) -> str:
        """What it is about, the same in every language."""
        return "inputs_embeds"

    @cached_property
    def frameworks(self) -> list[str]:
        """Frameworks in which something was run."""
        return list(
            dict.fromkeys(
                run.framework for one in self.subjects for run in one.measured.runs if run.sentences
            )
        )

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of all libraries that took part."""
        made: dict[str, str] = {}
        for one in self.subjects:
            for run in one.measured.runs:
                made |= run.versions
        return made | self.data.versions

    def code(self, name: str) -> str:
        """A script of the write-up; the tests run them all."""
        return (
            (theme() / "inputs_embeds" / "code" / f"{name}.py").read_text(encoding="utf-8").rstrip()
        )


def _readable(pair: ComparisonView, row: int) -> bool:
    return pair.first.kinds[row] == "word" and pair.first.scripts[row] in READABLE
