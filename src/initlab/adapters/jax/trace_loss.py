"""The loss of a JAX model: declared, or inferred from what the model puts out, and said in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initlab.adapters import batches
from initlab.adapters.losses import WORDS, failed
from initlab.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A loss as a function of what the model puts out; `kind` is None for one of the person's own.

    `pair` gives the predictions that are compared and their targets.
    """

    function: Callable[[list[Any]], Any]
    kind: str | None
    words: str
    given: bool
    pair: Callable[[list[Any]], tuple[Any, Any]] | None = None


def place_of(output: Any) -> int:  # noqa: ANN401
    """Which leaf of a model's output holds its predictions: that called logits, or else the first.

    Raises DataError where it holds no floating array.
    """
    leaves = jax.tree_util.tree_flatten_with_path(output)[0]
    floating = [place for place, (_, leaf) in enumerate(leaves) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    for key in ("logits", "prediction", "sample", "last_hidden_state"):
        for place in floating:
            if leaves[place][0] and key in jax.tree_util.keystr(leaves[place][0][-1:]):
                return place
    if not floating:
        raise DataError(f"The output must hold an array of floats, got {type(output).__name__}. Return predictions.")
    return floating[0]


def loss_of(
    loss: str | Callable[..., Any] | None,
    structure: Any,  # noqa: ANN401
    place: int,
    shape: Sequence[int],
    target: Any,  # noqa: ANN401
    *,
    tokens: Any,  # noqa: ANN401
    seed: int,
    kind: str | None = None,
) -> Found:
    """The loss of an output of that structure, its predictions at that place of it; `kind` where it is known better."""
    if callable(loss):
        words = f"{getattr(loss, '__name__', type(loss).__name__)}, declared"
        return Found(
            function=lambda outputs: _called(loss, structure, outputs, target), kind=None, words=words, given=True
        )
    chosen = kind or loss or _kind(shape, target)
    if target is None:
        cut, made, how = _drawn(chosen, shape, tokens, seed)
    else:
        cut, made, how = (lambda logits: logits), jnp.asarray(target), "the targets given"
    words = f"{WORDS[chosen]} with {how}" + ("" if loss else ", inferred from the output's shape")
    return Found(
        function=lambda outputs: COMPUTED[chosen](cut(outputs[place]), made),
        kind=chosen,
        words=words,
        given=target is not None,
        pair=lambda outputs: (cut(outputs[place]), made),
    )


def better(kind: str | None, logits: Any) -> str | None:  # noqa: ANN401
    """What logits turn out to be, once they are seen: probabilities, their logarithms, or what was thought."""
    if kind == "bce" and np.size(logits) > 8 and ((np.asarray(logits) > 0) & (np.asarray(logits) < 1)).all():
        return "shares"
    if kind != "cross_entropy":
        return kind
    sums = np.asarray(logits, dtype=np.float64)
    if (sums >= 0).all() and (np.abs(sums.sum(-1) - 1) < 1e-3).all():
        return "probabilities"
    with np.errstate(all="ignore"):
        return "nll" if np.abs(np.exp(sums).sum(-1) - 1).max() < 1e-3 else kind


def _called(loss: Callable[..., Any], structure: Any, outputs: list[Any], target: Any) -> Any:  # noqa: ANN401
    output = jax.tree_util.tree_unflatten(structure, outputs)
    try:
        found = loss(output) if target is None else loss(output, jnp.asarray(target))
    except Exception as error:
        raise failed(error, target) from error
    if jnp.shape(found) not in ((), (1,)):
        raise DataError(f"The loss must be one number, got shape {jnp.shape(found)}. Return the mean over the batch.")
    return jnp.reshape(found, ())


def _kind(shape: Sequence[int], target: Any) -> str:  # noqa: ANN401
    """Which loss fits an output of that shape, and its targets if there are some."""
    if target is not None and np.issubdtype(np.asarray(target).dtype, np.floating):
        values = np.asarray(target)
        within = bool(((values == 0) | (values == 1)).all()) and values.size > 1
        return "bce" if within and values.shape == tuple(shape) else "mse"
    wide = len(shape) >= 2 and shape[-1] > 1
    if target is not None and not wide:
        return "bce"
    return "mse" if not wide or (target is None and len(shape) >= 4) else "cross_entropy"


Cut = Callable[[Any], Any]


def _drawn(kind: str, shape: Sequence[int], tokens: Any, seed: int) -> tuple[Cut, Any, str]:  # noqa: ANN401
    """Targets for an output: the next token where tokens were fed in, balanced classes, or unit normal numbers."""
    if kind == "mse":
        return (lambda z: z), jnp.asarray(batches.numbers(tuple(shape), seed=seed)), "unit normal targets"
    if kind in ("bce", "shares"):
        return (lambda z: z), jnp.asarray(batches.classes(tuple(shape), 2, seed=seed)), "balanced labels"
    count = int(shape[-1])
    length = 0 if tokens is None or len(shape) != 3 or tuple(shape[:2]) != tokens.shape else tokens.shape[1]
    if length > 1 and int(np.max(tokens)) < count:
        return (lambda z: z[:, :-1]), jnp.asarray(tokens[:, 1:]), "the next token"
    made = batches.classes(tuple(shape[:-1]), count, seed=seed)
    return (lambda z: z), jnp.asarray(made), f"labels balanced over {count} classes"


def _nll(logs: Any, target: Any) -> Any:  # noqa: ANN401
    rows, labels = logs.reshape(-1, logs.shape[-1]), target.reshape(-1).astype(int)
    return -jnp.take_along_axis(rows, labels[:, None], axis=1).mean()


def _cross_entropy(logits: Any, target: Any) -> Any:  # noqa: ANN401
    logs = jax.nn.log_softmax(logits.astype(jnp.promote_types(logits.dtype, jnp.float32)), axis=-1)
    if jnp.issubdtype(target.dtype, jnp.floating) and target.shape == logits.shape:
        return -(target * logs).sum(-1).mean()
    if target.size * logits.shape[-1] != logits.size:
        raise DataError(
            f"The targets must be one class a row of the output, got shapes {tuple(target.shape)} and "
            f"{tuple(logits.shape)}. Give targets that fit, or declare the loss: FILE.py:NAME."
        )
    return _nll(logs, target)


def _bce(logits: Any, target: Any) -> Any:  # noqa: ANN401
    y = target.astype(logits.dtype).reshape(logits.shape)
    return (jnp.maximum(logits, 0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits)))).mean()


def _shares(p: Any, target: Any) -> Any:  # noqa: ANN401
    y, p = target.astype(p.dtype).reshape(p.shape), jnp.clip(p, 1e-12, 1 - jnp.finfo(p.dtype).eps)
    return -(y * jnp.log(p) + (1 - y) * jnp.log1p(-p)).mean()


def _mse(logits: Any, target: Any) -> Any:  # noqa: ANN401
    if target.size != logits.size:
        raise DataError(
            f"The targets must have the shape of the output {tuple(logits.shape)}, got {tuple(target.shape)}. "
            "Give targets that fit, or declare the loss: FILE.py:NAME."
        )
    return jnp.square(logits - target.reshape(logits.shape).astype(logits.dtype)).mean()


COMPUTED: Mapping[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": _cross_entropy,
    "nll": _nll,
    "probabilities": lambda p, y: _nll(jnp.log(jnp.maximum(p, 1e-30)), y),
    "bce": _bce,
    "shares": _shares,
    "mse": _mse,
}
