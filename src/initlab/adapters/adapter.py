"""What an adapter offers: the parameters of a model, their values, and how to draw them anew."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from initlab.laws import Law
from initlab.parameters import Parameter


class Adapter(Protocol):
    """A model of one framework in neutral terms. It measures and writes; it never judges."""

    name: str
    """The framework: numpy, torch or jax."""

    def parameters(self, model: Any) -> tuple[Parameter, ...]:  # noqa: ANN401
        """One parameter a tensor (a tied group once) or block of a fused tensor, in the order of the model."""
        ...

    def note(self, model: Any) -> str:  # noqa: ANN401
        """Why the model was not run to see what becomes of its parameters; nothing where it was."""
        ...

    def values(self, model: Any, parameter: Parameter) -> NDArray[Any] | None:  # noqa: ANN401
        """What a parameter holds now, in the shape and order of the parameter; None when it holds no memory."""
        ...

    def fill(self, model: Any, laws: Mapping[str, Law], *, seed: int) -> Any:  # noqa: ANN401
        """Draw each named parameter from its law, all of them or none, and return the model.

        In place, where the framework knows such a thing; what is not named is left alone.
        """
        ...
