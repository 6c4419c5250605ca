"""Batches made from a stated shape, the same numbers whatever the framework: images, features, tokens, labels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from initlab.errors import DataError, SpecError
from initlab.laws import Normal, Uniform
from initlab.loading import said
from initlab.streams import sample

COARSE = 4
"""The patches of a made picture: so many along each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The shape of a batch to make: of numbers, or of tokens below `vocabulary`.

    >>> Made.features("32x3x8x8").shape
    (32, 3, 8, 8)
    >>> Made.tokens("8x128:50257").vocabulary
    50257
    """

    shape: tuple[int, ...]
    vocabulary: int | None = None

    @classmethod
    def features(cls, text: str) -> "Made":
        """Read 32x3x224x224. Raises SpecError for anything else."""
        return cls(shape=_sizes(text, "--input", "32x3x224x224"))

    @classmethod
    def tokens(cls, text: str) -> "Made":
        """Read 8x128:50257. Raises SpecError for anything else."""
        sizes, colon, words = text.partition(":")
        if not colon or not words.isdecimal() or int(words) < 2:
            raise SpecError(f"--tokens must be like 8x128:50257, got {text!r}. Write batch x length : vocabulary.")
        return cls(shape=_sizes(sizes, "--tokens", "8x128:50257"), vocabulary=int(words))

    def __str__(self) -> str:
        sizes = "×".join(map(str, self.shape))
        if self.vocabulary is not None:
            return f"{sizes} tokens drawn evenly from {self.vocabulary}"
        return f"{sizes} numbers of unit variance" + (", half of it in patches" if len(self.shape) == 4 else "")

    def array(self, *, seed: int) -> NDArray[np.generic]:
        """The batch: float32, or int64 for tokens.

        Numbers are N(0, 1). Of four axes they are pictures: half of the variance lies in patches, a quarter of a side
        long, as that of real pictures lies in what neighbours share; white noise alone would be averaged away.
        """
        if self.vocabulary is not None:
            return classes(self.shape, self.vocabulary, seed=seed, name="tokens")
        white = sample(Normal(std=1.0), name="input", seed=seed, shape=self.shape, dtype="float32")
        if len(self.shape) != 4:
            return white
        coarse = sample(
            Normal(std=1.0), name="patches", seed=seed, shape=(*self.shape[:2], COARSE, COARSE), dtype="float32"
        )
        rows, columns = ((np.arange(size) * COARSE) // size for size in self.shape[2:])
        mixed: NDArray[np.generic] = math.sqrt(0.5) * (white + coarse[:, :, rows[:, np.newaxis], columns])
        return mixed.astype(np.float32)


def misfit(words: str, error: Exception, *, where: str = "", whole: bool) -> DataError:
    """What is said of a model that raises on a batch: where, why, and what to give instead.

    `where` is the place in the model, if it is known; `whole` says whether the batch is of whole numbers.
    """
    told = said(error).rstrip(".")
    if isinstance(error, TypeError) and "argument" in told:
        advice = "Give all that it takes with --batch: a tuple, or a mapping by name."
    elif any(word in told for word in ("Long", "Int,", "integer")):
        advice = "Give it floating numbers: --input." if whole else "Give it whole numbers: --tokens 8x128:50257."
    elif whole and isinstance(error, IndexError):
        advice = "Give tokens that it has rows for: --tokens."
    else:
        advice = "Give a batch that fits it, or mend it there."
    place = f" in {where}" if where else ""
    return DataError(f"The model must run on the batch ({words}), got{place} {told}. {advice}")


def _sizes(text: str, flag: str, example: str) -> tuple[int, ...]:
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.strip().isdecimal() and int(part) >= 1 for part in parts):
        raise SpecError(f"{flag} must be sizes like {example}, got {text!r}. Write whole numbers with x between.")
    return tuple(int(part) for part in parts)


def classes(shape: tuple[int, ...], count: int, *, seed: int, name: str = "labels") -> NDArray[np.int64]:
    """Labels below `count`, each as often as the others as nearly as can be, in random order."""
    drawn = sample(Uniform(bound=0.5, centre=0.5), name=name, seed=seed, shape=shape)
    flat = np.argsort(np.argsort(drawn.ravel())) * count // max(1, drawn.size)
    if drawn.size < count:
        return np.minimum((drawn * count).astype(np.int64), count - 1)
    return flat.reshape(shape).astype(np.int64)


def numbers(shape: tuple[int, ...], *, seed: int) -> NDArray[np.float32]:
    """Targets of a regression: N(0, 1)."""
    return sample(Normal(std=1.0), name="targets", seed=seed, shape=shape, dtype="float32")
