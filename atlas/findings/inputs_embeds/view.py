"""The results of the `inputs_embeds` experiment, arranged for the write-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from atlas.config.site import text
from atlas.findings.comparisons.view import ComparisonView
from atlas.findings.inputs_embeds.config import QUESTION
from atlas.findings.inputs_embeds.data import Measured, Run, Segment, Sentence, WriteUp
from atlas.findings.inputs_embeds.table import Table
from atlas.maps.config import Model
from atlas.maps.frame import ASPECT
from atlas.maps.view import MapView
from atlas.web.charts import Chart, chart
from atlas.web.lettering import text_width
from atlas.web.theme import theme

_ROUNDING = 1e-3  # relative to the norm of the states
TOGETHER = 4  # models on the page of the write-up; each other has a page of its own
WORDS = 14  # marked on a pair of maps
# Scripts of words that may be marked: readers have fonts for them.
READABLE = ("Latin", "Digits", "Han", "Hiragana", "Katakana", "Kanji and kana")
_FED = ("hidden", "subtracted", "sinusoidal", "lookup")


@dataclass(frozen=True)
class Mark:
    """A word on a picture 1200 wide."""

    text: str
    colour: int
    x: int
    y: int

    def free(self, others: Sequence[Mark]) -> bool:
        """Whether it is inside the picture and overlaps none of the others."""
        half = text_width(self.text, 27) / 2 + 8
        inside = half < self.x < 1200 - half and 60 < self.y < 1200 * ASPECT - 20
        return inside and all(
            abs(self.x - other.x) > half + text_width(other.text, 27) / 2 + 8
            or abs(self.y - other.y) > 52
            for other in others
        )


class FoundAgain(NamedTuple):
    """The number of inputs of which every token was recovered from hidden_states[0] alone, the
    largest distance of a nearest token, and the smallest of a second nearest."""

    exact: int
    inputs: int
    nearest: float
    second: float


class Subject:
    """A model of the experiment. `pair` is the comparison of its word embeddings with what enters
    the first layer, if there is one."""

    def __init__(self, model: Model, measured: Measured, pair: ComparisonView | None) -> None:
        self.model, self.measured, self.pair = model, measured, pair
        self.language = measured.language

    def title(self, language: str) -> str:
        """The title of the model, else its id."""
        return text(self.model.title, language, self.model.id)

    @property
    def run(self) -> Run:
        """The run in PyTorch, which every model has."""
        return self.measured.runs[0]

    @property
    def differs(self) -> bool:
        """Whether hidden_states[0] can be fed back, and changes the outputs by more than rounding:
        in Llama it does not."""
        fed = self.run.sentences[0].segments[0].variants["hidden"]
        return fed is not None and fed.relative > _ROUNDING

    def by(self, framework: str) -> Run | None:
        """The run in a framework; None if the framework does not have the model or was not run."""
        return next(
            (run for run in self.measured.runs if run.framework == framework and run.sentences),
            None,
        )

    @cached_property
    def sentence(self) -> Sentence:
        """The sentence of the figures: the first in the model's language."""
        own = [sentence for sentence in self.run.sentences if sentence.text != QUESTION]
        return own[0] if own and self.language.split("-")[0] != "en" else self.run.sentences[0]

    def of(self, run: Run) -> Sentence:
        """The sentence of the figures in another run."""
        return next(other for other in run.sentences if other.text == self.sentence.text)

    @cached_property
    def segment(self) -> Segment:
        """The sentence of the figures in segment 0."""
        return self.sentence.segments[0]

    @cached_property
    def by_layer(self) -> Chart:
        """The relative difference at each layer."""
        differences = {name: self.segment.variants.get(name) for name in _FED}
        lines = {
            name: [layer.relative for layer in difference.layers] if difference else None
            for name, difference in differences.items()
        }
        return chart([str(number) for number in range(self.run.layers + 1)], lines, percent=True)

    @cached_property
    def by_position(self) -> Chart:
        """The sum of the differences in the last layer at each position."""
        differences = {name: self.segment.variants.get(name) for name in _FED}
        lines = {
            name: difference.positions if difference else None
            for name, difference in differences.items()
        }
        return chart(self.sentence.tokens, lines)

    @cached_property
    def parts(self) -> Chart:
        """The norms of hidden_states[0] and of its parts at each position."""
        names = ("hidden", "word", "position", "segment")
        return chart(self.sentence.tokens, {name: self.segment.parts.get(name) for name in names})

    @cached_property
    def marked(self) -> tuple[list[Mark], list[Mark]]:
        """The same words on both maps of the pair, without overlap on either."""
        pair = self.pair
        if pair is None:
            return [], []
        rows = {
            int(token): (mine, other)
            for token, mine, other in zip(pair.ids[:, 0], *pair.rows, strict=True)
        }
        central = [
            [
                token
                for token in sorted(cluster.central)
                if token in rows and _readable(pair, rows[token][0])
            ]
            for cluster in pair.first.coarse
        ]
        first: list[Mark] = []
        second: list[Mark] = []
        # One word for each cluster, in the order of the vocabulary, because most vocabularies begin
        # with frequent words.
        for tokens in sorted(filter(None, central)):
            for token in tokens:
                mine, other = _marks(pair, rows[token])
                if mine.free(first) and other.free(second):
                    first.append(mine)
                    second.append(other)
                    break
            if len(first) == WORDS:
                break
        return first, second

    @cached_property
    def found_again(self) -> FoundAgain:
        """The recovered tokens over all sentences and both segments."""
        ways = [segment.back for sentence in self.run.sentences for segment in sentence.segments]
        tried = [way for way in ways if way.nearest]
        return FoundAgain(
            sum(way.exact for way in tried),
            len(tried),
            max((max(way.nearest) for way in tried), default=0.0),
            min((min(way.second) for way in tried), default=0.0),
        )


@dataclass(frozen=True)
class LeftOut:
    """A model on which the experiment cannot be run, and the sentence that says why."""

    model: Model
    reason: str

    def title(self, language: str) -> str:
        """The model's title."""
        return text(self.model.title, language, self.model.id)


class WriteUpView:
    """The write-up, arranged for its page."""

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
        every = [
            Subject(models[measured.model], measured, pairs.get(measured.model))
            for measured in data.models
            if measured.model in models and measured.runs and measured.runs[0].sentences
        ]
        if len(every) > TOGETHER:  # those on the page of the write-up are its examples
            every.sort(key=lambda subject: not subject.differs)
        self.subjects, self.others = every[:TOGETHER], every[TOGETHER:]
        self.left_out = [
            LeftOut(models[measured.model], measured.runs[0].reason)
            for measured in data.models
            if measured.model in models and measured.runs and not measured.runs[0].sentences
        ]

    @cached_property
    def table(self) -> Table:
        """The families."""
        return Table(self.data.families)

    def alone(self, subject: Subject) -> WriteUpView:
        """The write-up of one model."""
        view = WriteUpView({}, self.data, ())
        view.subjects = [subject]
        return view

    @cached_property
    def example(self) -> Subject | None:
        """The model of the first sentence: one whose outputs differ, if any."""
        return next((one for one in self.subjects if one.differs), None)

    def title(self, language: str) -> str:
        """Its subject, the same in every language."""
        return "inputs_embeds"

    @cached_property
    def frameworks(self) -> list[str]:
        """The frameworks in which a model was run."""
        runs = [run for subject in self.subjects for run in subject.measured.runs]
        return list(dict.fromkeys(run.framework for run in runs if run.sentences))

    @cached_property
    def versions(self) -> dict[str, str]:
        """The versions of all libraries of the experiment."""
        versions: dict[str, str] = {}
        for subject in self.subjects:
            for run in subject.measured.runs:
                versions |= run.versions
        return versions

    def code(self, name: str) -> str:
        """A script of the write-up; the tests run them all."""
        path = theme() / "inputs_embeds" / "code" / f"{name}.py"
        return path.read_text(encoding="utf-8").rstrip()


def _marks(pair: ComparisonView, rows: tuple[int, int]) -> tuple[Mark, Mark]:
    """The word with these rows on the first and on the aligned second map of a pair."""
    cluster = int(pair.first.data.column("cluster_coarse")[rows[0]])
    word, colour = pair.first.texts[rows[0]], pair.first.colour.get(cluster, 0)

    def mark(view: MapView, row: int) -> Mark:
        x, y = ((view.unit[row] * (1, -1) + (0, ASPECT)) * 1200).round().astype(int).tolist()
        return Mark(word, colour, x, y)

    return mark(pair.first, rows[0]), mark(pair.beside, rows[1])


def _readable(pair: ComparisonView, row: int) -> bool:
    return pair.first.kinds[row] == "word" and pair.first.scripts[row] in READABLE
