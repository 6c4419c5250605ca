"""initlab where JAX is: initialize a model in one line, and initializers for Flax and Equinox layers.

    model = initlab.jax.init(model, "auto", seed=0)                    NNX, Equinox, (Linen module, variables), pytrees
    model = initlab.jax.load(model, "model.safetensors")               what `initlab init` wrote, of a torch twin too
    nnx.Linear(64, 32, kernel_init=initlab.jax.he_normal(), rngs=rngs)
    nn.Dense(32, kernel_init=initlab.jax.initializer("orthogonal(gain=2)"))

There is a function for each scheme of the catalogue (`initlab schemes` lists them), named after it.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import jax
import numpy as np

from initlab.adapters.blocks import whole as whole_block
from initlab.adapters.jax.adapter import JaxAdapter
from initlab.adapters.jax.kernel import kernel_place
from initlab.adapters.jax.model import Model as Model
from initlab.adapters.jax.place import whole
from initlab.errors import DataError, SpecError, UnknownNameError
from initlab.laws import Law
from initlab.parameters import Fan, Gate, Parameter, Role
from initlab.schemes import SCHEMES, Option, Scheme, choose
from initlab.streams.jax import jax_dtype
from initlab.streams.layout import checked_shape
from initlab.streams.sample import check_drawable, sample

__all__ = ["Initializer", "Model", "draw", "init", "initializer", "load", "scale"]

Tree = TypeVar("Tree")

STREAM = "key"
"""The name of the stream of an initializer: its key takes the place of seed and name."""


class Initializer(Protocol):
    """What jax.nn.initializers and every layer of Flax call an initializer."""

    def __call__(self, key: Any, shape: Sequence[int], dtype: Any = ..., out_sharding: Any = ...) -> Any:  # noqa: ANN401
        """Draw an array of that shape and dtype from that key."""
        ...


def init(
    model: Tree,
    policy: Any = "auto",  # noqa: ANN401
    *,
    seed: int = 0,
    inputs: tuple[Any, ...] | None = None,
    strict: bool = False,
) -> Tree:
    """A new model with the weights that the policy plans; the one given keeps its own.

    model    a module of NNX or Equinox, a pytree of arrays, or (Linen module or function, weights, *inputs)
    inputs   what the model is called on, as arrays or jax.ShapeDtypeStructs; without them the first kind that fits is
             found, to trace which activation follows each layer

    >>> import jax.numpy as jnp
    >>> weights = {"fc": {"kernel": jnp.zeros((50, 1000)), "bias": jnp.ones(1000)}}
    >>> drawn = init(weights, "course-he")
    >>> round(float(drawn["fc"]["kernel"].std()), 2), float(drawn["fc"]["bias"].max())
    (0.2, 0.0)
    """
    from initlab.api.plan import init as planned

    if inputs is None:
        drawn: Tree = planned(model, policy, seed=seed, strict=strict)
        return drawn
    within: Model = planned(Model(weights=model, inputs=inputs), policy, seed=seed, strict=strict)
    return within.weights  # type: ignore[no-any-return]


def load(model: Tree, file: str | Path) -> Tree:
    """The model with the weights of a safetensors file that `initlab init` wrote; the one given keeps its own.

    The file may be of a torch model with the same names: where each parameter lies in it is noted there. Without that
    note, the file must hold each parameter under its name as (out, in, *taps).

    Raises DataError for a file that is not whole, or that holds other names or shapes.
    """
    from initlab.adapters.state import state_of
    from initlab.plans.record import as_stored, check_names, recorded, stored
    from initlab.plans.weights import read_weights

    weights, adapter = read_weights(Path(file)), JaxAdapter()
    parameters = adapter.parameters(model)
    note = recorded(weights)
    if note is None:
        check_names(weights, state_of(model, adapter))
    places = {each.name: (each.name, whole_block(each.shape)) for each in parameters} if note is None else note.places
    values = {each.name: stored(each, places, weights) for each in as_stored(parameters, places, weights)}
    _check_values(file, {each.name: each.shape for each in parameters}, values, places)
    loaded: Tree = adapter.put(model, values)
    return loaded


def _check_values(
    file: str | Path, shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any], noted: Mapping[str, Any]
) -> None:
    """Raise DataError unless a file holds the parameters of a model, in their shapes, and no others."""
    for name, shape in shapes.items():
        found = values[name].shape if name in values else "nothing"
        if found != shape:
            raise DataError(f"The weights file {file} must hold {name} of the model's shape {shape}, got {found}.")
    extra = sorted(noted.keys() - shapes.keys())
    if extra:
        raise DataError(f"The weights file {file} must hold the model's parameters only, got {extra[0]} too.")


def draw(model: Tree, schemes: Mapping[str, str], *, seed: int = 0) -> Tree:
    """The model with some weights drawn anew, each by a scheme as a person writes it; the one given keeps its own.

    A packed weight, or a stack of layers, is drawn block by block.

    >>> import jax.numpy as jnp
    >>> drawn = draw({"fc": {"kernel": jnp.zeros((50, 1000))}}, {"fc.weight": "he_normal"})
    >>> round(float(drawn["fc"]["kernel"].std()), 2)
    0.2

    Raises UnknownNameError for a weight or scheme that there is not.
    """
    adapter = JaxAdapter()
    parameters = adapter.parameters(model)
    laws: dict[str, Law] = {}
    for name, scheme in schemes.items():
        choice = choose(scheme)
        for parameter in _named(parameters, name):
            entry = replace(parameter, role="weight") if parameter.role in LEFT_ALONE else parameter
            laws[parameter.name] = choice.law(entry)
    drawn: Tree = adapter.fill(model, laws, seed=seed)
    return drawn


def scale(model: Tree, factors: Mapping[str, float]) -> Tree:
    """The model with some weights multiplied by a number; the one given keeps its own.

    >>> import jax.numpy as jnp
    >>> float(scale({"fc": {"kernel": jnp.ones((2, 2))}}, {"fc.weight": 0.5})["fc"]["kernel"].max())
    0.5
    """
    adapter = JaxAdapter()
    parameters = adapter.parameters(model)
    each = {parameter.name: factor for name, factor in factors.items() for parameter in _named(parameters, name)}
    scaled: Tree = adapter.scale(model, each)
    return scaled


LEFT_ALONE = ("bias", "norm_scale", "residual_scale")
"""The roles that most schemes leave at one or zero, where a person asks for something else by name."""


def _named(parameters: Sequence[Parameter], name: str) -> list[Parameter]:
    """The parameters of that name, or the blocks of the tensor of that name."""
    found = [each for each in parameters if name in (each.name, each.tensor, each.name.partition("[")[0])]
    if not found:
        raise UnknownNameError("parameter", name, [each.name for each in parameters])
    return found


def initializer(
    scheme: str,
    *,
    in_axis: int | Sequence[int] = -2,
    out_axis: int | Sequence[int] = -1,
    batch_axis: int | Sequence[int] = (),
    groups: int = 1,
    role: Role = "weight",
    layer: int | None = None,
    depth: int | None = None,
    width: int | None = None,
    gate: Gate | None = None,
    **options: Any,  # noqa: ANN401
) -> Initializer:
    """An initializer with JAX's signature, (key, shape, dtype), from a scheme as a person writes it.

    The axes mean what they mean in jax.nn.initializers.variance_scaling: those named by none of the three are positions
    of a kernel, and every index of the batch axes is a kernel of its own, with its own fans and draw. The key's words
    are the seed: key k of jax.random.key(k) draws stream (k, "key"). It works under jit and vmap, where the host is
    called back, and under eval_shape.

    >>> import jax
    >>> drawn = initializer("he_normal")(jax.random.key(0), (50, 1000))
    >>> drawn.shape, round(float(drawn.std()), 2)
    ((50, 1000), 0.2)

    Raises UnknownNameError for a scheme that is in no catalogue, SpecError for an option or shape that does not fit.
    """
    entry, settings = _chosen(scheme, options)

    def law_of(shape: tuple[int, ...], fan: Fan | None) -> Law:
        facts = Parameter(
            name=STREAM, shape=shape, role=role, fan=fan, layer=layer, depth=depth, width=width, gate=gate
        )
        return entry.law(facts, settings)

    def draw(key: Any, shape: Sequence[int], dtype: Any = "float32", out_sharding: Any = None) -> Any:  # noqa: ANN401
        sizes, kind = checked_shape(shape), jax_dtype(dtype)
        if len(sizes) < 2 and not entry.needs_fan:
            places, fan = [whole(sizes)], None
        else:
            places, fan = kernel_place(sizes, in_axis=in_axis, out_axis=out_axis, batch_axis=batch_axis, groups=groups)
        law = law_of(places[0].shape, fan)
        check_drawable(law, places[0].shape, kind)

        def on_host(words: Any) -> Any:  # noqa: ANN401
            return _drawn(words, law, places, sizes, kind)

        words = key_words(key)
        if not isinstance(words, jax.core.Tracer):
            return jax.device_put(on_host(words), out_sharding)
        made = jax.pure_callback(
            on_host, jax.ShapeDtypeStruct(sizes, jax.numpy.dtype(kind)), words, vmap_method="sequential"
        )
        return made if out_sharding is None else jax.lax.with_sharding_constraint(made, out_sharding)

    draw.__doc__ = f"Draw an array by the scheme {scheme}."
    return draw


def _chosen(scheme: str, options: dict[str, Any]) -> tuple[Scheme, dict[str, Option]]:
    """A scheme and its options, from a name or a call like normal(std=0.02), and the options given beside it."""
    if scheme in SCHEMES:
        return SCHEMES[scheme], SCHEMES[scheme].checked(options)
    choice = choose(scheme)
    return choice.scheme, choice.scheme.checked({**choice.options, **options})


def key_words(key: Any) -> Any:  # noqa: ANN401
    """The words of a key, new or old style. Raises SpecError for what is no key."""
    if hasattr(key, "dtype") and jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key):
        words = jax.random.key_data(key)
    elif getattr(key, "dtype", None) == np.uint32:
        words = key
    else:
        raise SpecError(f"The key must be one of jax.random, got {type(key).__name__}. Give jax.random.key(0).")
    if words.ndim != 1:
        raise SpecError(f"The key must be one key, got an array of shape {words.shape[:-1]}. Use jax.vmap over keys.")
    return words


def _drawn(words: Any, law: Law, places: Sequence[Any], shape: tuple[int, ...], kind: str) -> Any:  # noqa: ANN401
    """The array that a key draws, each kernel of a batch from a stream of its own."""
    seed = functools.reduce(lambda seed, word: seed << 32 | int(word), np.asarray(words).tolist(), 0)
    held = np.empty(shape, jax.numpy.dtype(kind))
    for place in places:
        name = STREAM + "".join(f"[{index}]" for index in place.index)
        place.write(held, sample(law, name=name, seed=seed, shape=place.shape, dtype=kind))
    return held


def __getattr__(name: str) -> Callable[..., Initializer]:
    if name.startswith("_") or name not in SCHEMES:
        raise AttributeError(f"module 'initlab.jax' has no attribute {name!r}")
    made = functools.partial(initializer, name)
    made.__doc__ = f"An initializer: {SCHEMES[name].documentation.summary}"
    return made


def __dir__() -> list[str]:
    return sorted([*__all__, *SCHEMES])
