"""What a model does to its input embeddings before the first layer, found by experiment.

Let F be the way from `inputs_embeds` to `hidden_states[0]`. It is tried on the looked-up
embeddings, on noise, on nothing and on very long vectors, and sorted by how it answers: a scale and
a shift are affine and keep directions, a projection is affine and does not, a norm gives the same
for a vector and its double once that is long. No name of a module and no class is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.errors import UnsuitableError
from atlas.findings.inputs_embeds.data import Added, Position
from atlas.findings.inputs_embeds.stages.sides import Side

if TYPE_CHECKING:
    from torch import Tensor

_SAMPLES = 8  # of noise, where a norm's gains are fitted
_FEW = 64  # dimensions up to which the rank of a norm's answers is found


@dataclass(frozen=True)
class Tolerance:
    """What counts as rounding, relative to the norm: of what enters the first layer, of what leaves
    the last, and of tokens in another order; and how long a very long vector is, beside which
    positions of any length are rounding."""

    enters: float
    leaves: float
    orders: float
    long: float


def tolerance(side: Side) -> Tolerance:
    """What is right for the floating-point type of a model."""
    import torch

    kind = side.table.weight.dtype
    if kind == torch.float16:
        return Tolerance(8e-3, 2e-2, 8e-3, 64.0)
    if kind == torch.bfloat16:
        return Tolerance(4e-2, 1e-1, 4e-2, 2.0**20)
    return Tolerance(1e-4, 1e-3, 5e-7, 2.0**20)


def apart(given: Tensor, wanted: Tensor) -> float:
    """The norm of a difference by the norm of what is wanted, in float64."""
    gap = (given.double() - wanted.double()).norm()
    size = wanted.double().norm()
    return float(gap / size) if size else float(gap)


class Probe:
    """One side of a model and the token ids (n,) that it is tried on, all different."""

    def __init__(self, side: Side, ids: Tensor) -> None:
        import torch

        self.side, self.ids = side, ids
        self.near = tolerance(side)
        self.words = side.lookup(ids)
        self.truth = side.run(ids)
        noise = torch.Generator().manual_seed(1)
        size = float(self.words.double().pow(2).mean().sqrt()) or 1.0
        self._noise = (torch.randn(_SAMPLES, *self.words.shape, generator=noise) * size).to(
            self.words
        )

    def enters(self, given: Tensor, segment: int | None = None) -> Tensor:
        """F of embeddings (n, e): what enters the first layer, (n, h), in float64. Raises
        UnsuitableError where that is not one vector a token."""
        state = self.side.run(given, segment=segment).states[0][0]
        if len(state) != len(given):
            raise UnsuitableError(f"{self.side.kind} gives no vector for each token.")
        return state.double()

    def added(self) -> Added:
        """What is done to the embeddings before the first layer. Raises UnsuitableError where not
        even the looked-up ones can be given."""
        self.enters(self.words)
        first = self._noise[0]
        try:
            one = self.enters(first)
        except UnsuitableError:  # Gemma 4 refuses what is no row of its table
            return Added(
                embedding=self.words.shape[1],
                hidden=self.truth.states[0].shape[2],
                within=self._looked()[0],
                position=self._position(placed=False)[0],
                refuses=True,
            )
        zero, affine = self._shift()
        within, own = self._looked()
        found = Added(
            embedding=first.shape[1],
            hidden=one.shape[1],
            within=within,
            own=own,
            outside=self._outside(zero),
            segment=self._segments(first),
            mixed=self._mixed(first, one),
        )
        if affine:
            found = self._affine(found, first, one, zero)
        elif found.mixed:
            return found.model_copy(update={"layered": True})
        else:
            found = self._bent(found, first)
        placed = self._placed(first)
        how = self._position(placed)
        return found.model_copy(update={"position": how[0], "first": how[1]})

    def _shift(self) -> tuple[Tensor, bool]:
        """What F makes of nothing, and whether F is affine. An affine one is not given nothing:
        SeamlessM4T takes zeros for padding, which has no positions."""
        first, second, third, fourth = (self.enters(one) for one in self._noise[:4])
        both = self.enters(self._noise[0] + self._noise[1])
        shift = first + second - both
        other = third + fourth - self.enters(self._noise[2] + self._noise[3])
        if apart(both + shift - other, both) < self.near.enters:
            return shift, True
        return self.enters(self._noise[0] * 0), False

    def settled(self) -> bool:
        """Whether `hidden_states[0]` is what F makes of it: nothing is added, or a norm has done
        its work. In 16 bits what changes the last layer by little more than rounding may not be."""
        state = self.truth.states[0][0]
        if state.shape != self.words.shape:
            return False
        try:
            again = self.enters(state)
        except UnsuitableError:  # it is no row of the table
            return bool((state == self.words).all())
        return apart(again, state) < self.near.enters / 4

    def drops(self) -> bool | None:
        """Whether training drops some of what enters the first layer, at the rates of the model's
        config: two passes in training mode differ. None where it cannot be trained so. To be asked
        last, since running means move in training."""
        import torch

        network = self.side.network
        network.train()
        try:
            with torch.random.fork_rng():
                states = []
                for seed in (1, 2):
                    torch.manual_seed(seed)
                    states.append(self.enters(self.words))
        except UnsuitableError:
            return None
        finally:
            network.eval()
        return apart(*states) > self.near.enters

    def _affine(self, found: Added, given: Tensor, state: Tensor, zero: Tensor) -> Added:
        """Of an F that is a matrix and a shift."""
        linear, vectors = state - zero, given.double()
        projection, scale = True, 1.0
        if linear.shape == vectors.shape:
            scale = float((linear * vectors).sum() / (vectors * vectors).sum())
            projection = apart(linear, scale * vectors) >= self.near.enters
        same = apart(zero, zero[:1].expand_as(zero)) < self.near.enters
        large = bool(zero.norm() > self.near.enters * linear.norm())
        bias = large and same and not found.segment
        rounded = 1.0 if projection or abs(scale - 1) < self.near.enters else scale
        return found.model_copy(
            update={"projection": projection or found.mixed, "scale": rounded, "bias": bias}
        )

    def _bent(self, found: Added, given: Tensor) -> Added:
        """Of an F that is not affine: a norm, if long vectors of one direction are all the same to
        it; else it is called a projection, since no vector comes through as it was."""
        import torch

        long = given * self.near.long
        state = self.enters(long)
        if apart(self.enters(2 * long), state) >= 4 * self.near.enters:
            return found.model_copy(update={"projection": True})
        size = given.double().pow(2).mean().sqrt()
        moved = given + torch.ones_like(given) * float(size)
        centred = apart(self.enters(moved * self.near.long), state) < 10 * self.near.enters
        projection = state.shape != given.shape or not self._elementwise(centred)
        first = projection and not centred
        norm = "LayerNorm" if centred else "RMSNorm"
        if first:
            known = state.shape == given.shape and state.shape[1] <= _FEW
            norm = "norm" if not known else "LayerNorm" if self._flat() else "RMSNorm"
        return found.model_copy(
            update={"norm": norm, "projection": projection, "normed_last": first}
        )

    def _elementwise(self, centred: bool) -> bool:
        """Whether a norm's answer is a gain and a bias on each dimension, as fitted to noise; if
        not, a matrix follows or precedes."""
        import torch

        vectors = self._noise.double()
        if centred:
            vectors = vectors - vectors.mean(dim=2, keepdim=True)
        vectors = vectors / vectors.pow(2).mean(dim=2, keepdim=True).sqrt()
        states = torch.stack([self.enters(one * self.near.long) for one in self._noise])
        rows, made = vectors.flatten(0, 1), states.flatten(0, 1)
        around, here = rows - rows.mean(dim=0), made - made.mean(dim=0)
        gain = (around * here).sum(dim=0) / (around * around).sum(dim=0)
        return apart(gain * around, here) < 10 * self.near.enters

    def _flat(self) -> bool:
        """Whether a norm's answers lie in a plane, as those of a LayerNorm do, whose values have a
        mean of 0 before gain and bias."""
        import torch

        wide = self.truth.states[0].shape[2]
        noise = torch.Generator().manual_seed(2)
        rounds = -(-2 * wide // len(self.ids))
        tried = torch.randn(rounds, *self.words.shape, generator=noise).to(self.words)
        made = torch.cat([self.enters(one * self.near.long) for one in tried])
        values = torch.linalg.svdvals(made - made.mean(dim=0))
        return bool(values[-1] < 1e-3 * values[-2])

    def rows(self) -> Tensor:
        """Rows of the table (n, e), as they stand in its weight."""
        weight = self.side.table.weight
        rows: Tensor = weight[self.ids.to(weight.device)].detach()
        return rows

    def _looked(self) -> tuple[float, bool]:
        """What the module that looks up multiplies its rows by, and whether it does more."""
        rows, words = self.rows().double(), self.words.double()
        if rows.shape != words.shape:
            return 1.0, True
        scale = float((rows * words).sum() / (rows * rows).sum())
        if apart(scale * rows, words) > self.near.enters:
            return 1.0, True
        return (1.0 if abs(scale - 1) < self.near.enters else scale), False

    def _outside(self, zero: Tensor) -> float:
        """What the way of ids multiplies by after the look-up and that of embeddings does not, as
        Marian's: a scale after which both are the same; 1 where none is."""
        wanted = self.truth.states[0][0].double()
        plain = self.enters(self.words)
        if apart(plain, wanted) < self.near.enters:
            return 1.0
        line = plain - zero
        fitted = float((line * (wanted - zero)).sum() / (line * line).sum())
        for scale in (fitted, float(self.words.shape[1]) ** 0.5):
            if apart(self.enters(self.words * scale), wanted) < self.near.enters:
                return scale
        return 1.0

    def _segments(self, given: Tensor) -> bool:
        """Whether a segment is added that nobody gave. GPT-2 adds one only where it is given."""
        if not self.side.can("token_type_ids"):
            return False
        try:
            other, own = self.enters(given, segment=1), self.enters(given, segment=0)
        except UnsuitableError:  # its table of segments has one row
            return False
        none = self.enters(given)
        return apart(own, none) < self.near.enters < apart(other, none)

    def _mixed(self, given: Tensor, state: Tensor) -> bool:
        """Whether what enters at one position depends on the embedding at another."""
        changed = given.clone()
        changed[1] = self._noise[2][1]
        after = self.enters(changed)
        others = [0, *range(2, len(given))]
        return apart(after[others], state[others]) > self.near.enters

    def _placed(self, given: Tensor) -> bool:
        """Whether the same embedding enters differently at another position."""
        same = self.enters(given[:1].expand(len(given), -1).clone())[1:-1]
        return apart(same, same[:1].expand_as(same)) > self.near.enters

    def _position(self, placed: bool) -> tuple[Position, int]:
        """How positions enter, and the row of the first where each has one."""
        if placed:
            rows = [self._rows(place) for place in (0, len(self.ids) - 1)]
            for name, row in rows[0].items():
                if rows[1].get(name, row) != row:
                    return "learned", row
            return "sinusoidal", 0
        if not self._ordered():
            return "none", 0
        if self._turned():
            return "rotary", 0
        return ("relative", 0) if self._attends() else ("recurrent", 0)

    def _rows(self, place: int) -> dict[str, int]:
        """By name of a weight, the one row of it that what enters at a position depends on."""
        import torch

        state = self.side.run(self.words, grad=True).states[0]
        if not state.requires_grad:
            return {}
        names, weights = zip(
            *(
                (name, one)
                for name, one in self.side.network.named_parameters()
                if one.requires_grad and one.ndim == 2
            ),
            strict=True,
        )
        noise = torch.Generator().manual_seed(3)
        pull = torch.randn(state.shape[2], generator=noise).to(state)
        slopes = torch.autograd.grad((state[0, place] * pull).sum(), weights, allow_unused=True)
        found = {}
        for name, slope in zip(names, slopes, strict=True):
            if slope is not None:
                touched = slope.abs().sum(dim=1).nonzero().flatten()
                if len(touched) == 1:
                    found[name] = int(touched[0])
        return found

    def _ordered(self) -> bool:
        """Whether the first layer tells the order of two tokens, as seen by those after them."""
        swapped = self.words.clone()
        swapped[[0, 1]] = self.words[[1, 0]]
        layer = min(1, len(self.truth.states) - 1)
        states = [self.side.run(given).states[layer][0, 2:] for given in (self.words, swapped)]
        return apart(states[1], states[0]) > self.near.orders

    def _turned(self) -> bool:
        """Whether only differences of positions count, and they can be changed: by `position_ids`,
        or by the frequencies that a model keeps."""
        import torch

        places = torch.arange(len(self.ids))
        if self.side.can("position_ids"):
            with suppress(UnsuitableError):
                plain, moved, wider = (
                    self._first(positions=some) for some in (places, places + 3, 2 * places)
                )
                change = apart(wider, plain)
                if change > self.near.orders and apart(moved, plain) < change / 10:
                    return True
        plain = self._first()
        with self._slower():
            return apart(self._first(), plain) > self.near.orders

    def _first(self, positions: Tensor | None = None) -> Tensor:
        made = self.side.run(self.words, positions=positions)
        return made.states[min(1, len(made.states) - 1)][0]

    @contextmanager
    def _slower(self) -> Iterator[None]:
        """With every fixed frequency of the model halved."""
        network = self.side.network
        frozen = [one for one in network.parameters() if not one.requires_grad]
        fixed = [
            one
            for one in (*network.buffers(), *frozen)  # of pairs of positions they are 3-dimensional
            if one.is_floating_point() and one.ndim <= 2
        ]
        kept = [one.detach().clone() for one in fixed]
        try:
            for one in fixed:
                one.data.mul_(0.5)
            yield
        finally:
            for one, old in zip(fixed, kept, strict=True):
                one.data.copy_(old)

    def _attends(self) -> bool:
        """Whether every layer has attention."""
        import torch

        name = f"{self.side.output or ''}attentions"
        given = {f"{self.side.prefix}inputs_embeds": self.words[None]}
        with torch.no_grad():
            try:
                made = self.side.network(**given, **self.side.more, output_attentions=True)
            except Exception:  # noqa: BLE001  # it has no such argument
                return False
        every = getattr(made, name, None) or ()
        return len(every) == len(self.truth.states) - 1 and all(one is not None for one in every)

    def searches(self) -> bool:
        """Whether the model reads its table although it is given embeddings: with the table's signs
        turned its layers answer otherwise, or not at all. A head that shares it does not count."""
        plain = self.side.run(self.words).states[-1]
        table = self.side.table.weight.data
        try:
            table.neg_()
            turned = self.side.run(self.words).states[-1]
        except UnsuitableError:
            return True
        finally:
            table.neg_()
        return apart(turned, plain) > self.near.leaves
