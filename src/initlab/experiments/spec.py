"""The experiment: a document that a person writes, checked field by field."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from initlab.documents import fault
from initlab.errors import SpecError, UnknownNameError, UsageError
from initlab.network.architecture import MAX_WIDTH, HeadName
from initlab.network.initialize import Draws
from initlab.network.recipe import OptimizerName, Recipe
from initlab.numerics.activations import activation
from initlab.schemes import Choice, parse

MAX_SEEDS = 100_000
MAX_ITERATIONS = 100_000_000

Finite = Annotated[float, Field(allow_inf_nan=False)]
Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Count = Annotated[int, BeforeValidator(_no_bool)]


class Experiment(BaseModel):
    """What is compared: one network and one recipe, on one data set, under several schemes and seeds.

    `layers` are the hidden widths; the data gives the first and the last. Trial number i of each scheme has the seed
    `seed + i`, which alone decides its weights, batches and dropout masks. `data_seed` decides the data and its split.

    >>> Experiment(schemes="he_normal, random(10)").schemes
    ('he_normal', 'random(10)')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str | None = Field(None, description="A title for the report.")
    about: str | None = Field(None, description="What to look for in the result, and what it means.")
    data: str = Field("circles", description="A data set of the catalogue, or a CSV or NPZ file.")
    target: str | None = Field(None, description="The target column of a CSV file, or array of an NPZ file.")
    layers: tuple[Width, ...] = Field((10, 5), description="The hidden widths, such as 10,5.")
    activation: str = Field("relu", description="The activation of the hidden layers.")
    head: HeadName | None = Field(
        None, description="The output: sigmoid, softmax or linear. The data decides if unset."
    )
    schemes: tuple[str, ...] = Field(
        ("zeros", "random", "xavier", "he"), description="The schemes, such as 'he_normal, random(10), constant(0.5)'."
    )
    seeds: Count = Field(20, ge=1, le=MAX_SEEDS, description="How many seeds each scheme is trained with.")
    seed: Count = Field(0, ge=0, lt=2**63, description="The first of the seeds.")
    draws: Draws = Field("streams", description="streams, or course: NumPy's legacy generator, W1 first, as it does.")
    data_seed: Count = Field(0, ge=0, lt=2**32, description="The seed of the data and of its split.")
    test_fraction: Finite = Field(0.25, gt=0, lt=1, description="The share of the examples held out for testing.")
    standardise: bool | None = Field(None, description="Centre and scale the features. The data decides if unset.")
    optimizer: OptimizerName = Field("sgd", description="sgd, momentum or adam.")
    learning_rate: Finite = Field(0.01, gt=0, description="The step size; 0.001 to 1 is usual.")
    momentum: Finite = Field(0.9, ge=0, lt=1, description="The friction of momentum, and Adam's first decay.")
    batch_size: Count | None = Field(None, ge=1, description="Examples in a step; all of them if unset.")
    l2: Finite = Field(0.0, ge=0, description="The weight of the penalty l2/2 times the sum of squared weights.")
    keep: Finite = Field(1.0, gt=0, le=1, description="The share of hidden units that dropout keeps.")
    iterations: Count = Field(15_000, ge=1, le=MAX_ITERATIONS, description="How many updates each network gets.")
    dtype: Literal["float64", "float32"] = Field("float64", description="The number type of the network.")

    @field_validator("schemes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        text = (
            value
            if isinstance(value, str)
            else ", ".join(map(str, value))
            if isinstance(value, (list, tuple))
            else None
        )
        if text is None:
            raise ValueError("text, or a list of texts")
        return _unique(tuple(choice.label for choice in parse(text)))

    @field_validator("layers", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            raise ValueError("a list of whole numbers")
        return tuple(value)

    @field_validator("activation")
    @classmethod
    def _known(cls, value: str) -> str:
        return activation(value).name

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The schemes, ready to give laws."""
        return parse(", ".join(self.schemes))

    @property
    def recipe(self) -> Recipe:
        """How each network is trained."""
        return Recipe(
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            batch_size=self.batch_size,
            l2=self.l2,
            keep=self.keep,
        )


def _unique(labels: tuple[str, ...]) -> tuple[str, ...]:
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(f"Each scheme must be named once, got {label} {labels.count(label)} times.")
    return labels


def experiment(fields: dict[str, Any]) -> Experiment:
    """An experiment from a mapping. Raises SpecError or UnknownNameError, one line, for the first field that is wrong.

    >>> experiment({"iterations": 0})
    Traceback (most recent call last):
    initlab.errors.SpecError: iterations must be >= 1, got 0. How many updates each network gets.
    """
    unknown = fields.keys() - Experiment.model_fields.keys()
    if unknown:
        raise UnknownNameError("field of an experiment", min(unknown), Experiment.model_fields)
    try:
        return Experiment(**fields)
    except ValidationError as error:
        cause = error.errors()[0].get("ctx", {}).get("error")
        raise cause if isinstance(cause, UsageError) else SpecError(fault(error, Experiment)) from None
