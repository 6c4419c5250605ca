"""The loss: declared, the model's own, or inferred from what the model puts out, and said in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from initlab.adapters import batches
from initlab.adapters.losses import LOSSES, WORDS, failed
from initlab.errors import DataError, UnknownNameError
from initlab.loading import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A loss, how it is said, and whether its targets were given."""

    loss: Any
    words: str
    given: bool


def loss_of(
    output: Any,  # noqa: ANN401
    target: Any,  # noqa: ANN401
    declared: str | Callable[..., Any] | None,
    *,
    tokens: Any,  # noqa: ANN401
    seed: int,
) -> Found:
    """The loss of a model's output. `tokens` are the whole numbers that were fed in, if they were.

    Raises DataError when there is no loss to be found, or it is no scalar that depends on the weights.
    """
    found = _loss(output, target, declared, tokens=tokens, seed=seed)
    if not isinstance(found.loss, torch.Tensor) or found.loss.numel() != 1:
        got = f"shape {tuple(found.loss.shape)}" if isinstance(found.loss, torch.Tensor) else type(found.loss).__name__
        raise DataError(f"The loss must be one number, got {got}. Return the mean over the batch.")
    if not found.loss.requires_grad:
        raise DataError(
            "The loss must depend on a trainable weight, got one without a gradient. "
            "Look for detach(), no_grad() or requires_grad=False on the way."
        )
    return Found(loss=found.loss.reshape(()), words=found.words, given=found.given)


def _loss(output: Any, target: Any, declared: Any, *, tokens: Any, seed: int) -> Found:  # noqa: ANN401
    if callable(declared):
        words = f"{getattr(declared, '__name__', type(declared).__name__)}, declared"
        return Found(loss=_called(declared, output, target), words=words, given=True)
    own = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    if own is not None and declared is None:
        return Found(loss=own, words="the model's own", given=True)
    logits = tensor_of(output)
    if not logits.is_floating_point():
        raise DataError(f"The output must be floating, got {logits.dtype}. Return logits or predictions.")
    drawn = target is None
    kind = declared or _kind(logits, target)
    if drawn:
        logits, target, how = _drawn(kind, logits, tokens, seed)
    else:
        how = "the targets given"
    if kind not in (*LOSSES, "nll", "probabilities"):
        raise UnknownNameError("loss", kind, LOSSES)
    words = f"{WORDS[kind]} with {how}" + ("" if declared else ", inferred from the output's shape")
    try:
        return Found(loss=_COMPUTED[kind](logits, target), words=words, given=not drawn)
    except (IndexError, RuntimeError, ValueError) as error:
        raise DataError(
            f"The targets must fit an output of shape {tuple(logits.shape)} and {WORDS[kind]}, got {said(error)} "
            "Give targets that do, or declare the loss: FILE.py:NAME."
        ) from error


def _called(declared: Callable[..., Any], output: Any, target: Any) -> Any:  # noqa: ANN401
    try:
        return declared(output) if target is None else declared(output, target)
    except Exception as error:
        raise failed(error, target) from error


def tensor_of(output: Any) -> Any:  # noqa: ANN401
    """The predictions in a model's output: itself, its logits, or the first tensor in it."""
    if isinstance(output, torch.Tensor):
        return output
    named = output if isinstance(output, Mapping) else vars(output) if hasattr(output, "__dict__") else {}
    for key in ("logits", "prediction", "sample", "last_hidden_state"):
        if isinstance(named.get(key), torch.Tensor):
            return named[key]
    values = named.values() if named else output if isinstance(output, list | tuple) else ()
    for value in values:
        if isinstance(value, torch.Tensor):
            return value
    raise DataError(f"The output must hold a tensor, got {type(output).__name__}. Declare the loss: FILE.py:NAME.")


def _kind(logits: Any, target: Any) -> str:  # noqa: ANN401
    """Which loss fits an output, and its targets if there are some."""
    sums = logits.detach().float()
    if target is not None and target.is_floating_point():
        within = bool(((target == 0) | (target == 1)).all()) and target.numel() > 1
        return "bce" if within and target.shape == logits.shape else "mse"
    wide = logits.ndim >= 2 and logits.shape[1 if target is not None and logits.ndim == 4 else -1] > 1
    if target is not None and not wide:
        return "bce"
    if wide and bool((sums >= 0).all()) and bool(((sums.sum(-1) - 1).abs() < 1e-3).all()):
        return "probabilities"
    if target is None and _shares(sums):
        return "bce"
    if not wide or (target is None and logits.ndim >= 4):
        return "mse"
    return "nll" if bool((sums.exp().sum(-1) - 1).abs().max() < 1e-3) else "cross_entropy"


def _shares(values: Any) -> bool:  # noqa: ANN401
    """Whether all of an output lies between 0 and 1, as a sigmoid puts it."""
    return bool(((values > 0) & (values < 1)).all()) and values.numel() > 8


def _drawn(kind: str, logits: Any, tokens: Any, seed: int) -> tuple[Any, Any, str]:  # noqa: ANN401
    """Targets for an output: the next token where tokens were fed in, balanced classes, or unit normal numbers."""
    device = logits.device
    if kind == "mse":
        made = torch.from_numpy(batches.numbers(tuple(logits.shape), seed=seed))
        return logits, made.to(device, logits.dtype), "unit normal targets"
    if kind == "bce":
        made = torch.from_numpy(batches.classes(tuple(logits.shape), 2, seed=seed))
        return logits, made.to(device, logits.dtype), "balanced labels"
    count = int(logits.shape[-1])
    length = 0 if tokens is None or logits.ndim != 3 or logits.shape[:2] != tokens.shape else tokens.shape[1]
    if length > 1 and int(tokens.max()) < count:
        return logits[:, :-1], tokens[:, 1:], "the next token"
    made = torch.from_numpy(batches.classes(tuple(logits.shape[:-1]), count, seed=seed))
    return logits, made.to(device), f"labels balanced over {count} classes"


def _cross_entropy(logits: Any, target: Any) -> Any:  # noqa: ANN401
    if target.is_floating_point() or logits.ndim == 1:
        return functional.cross_entropy(logits, target)
    if tuple(target.shape) == tuple(logits.shape[:-1]):
        return functional.cross_entropy(logits.flatten(0, -2), target.flatten().long())
    if tuple(target.shape) == (logits.shape[0], *logits.shape[2:]):
        return functional.cross_entropy(logits, target.long())
    raise DataError(
        f"The targets must be one class a row of the output, got shapes {tuple(target.shape)} and "
        f"{tuple(logits.shape)}. Give targets that fit, or declare the loss: FILE.py:NAME."
    )


def _nll(logits: Any, target: Any) -> Any:  # noqa: ANN401
    return functional.nll_loss(logits.flatten(0, -2), target.flatten().long())


def _bce(logits: Any, target: Any) -> Any:  # noqa: ANN401
    target = target.to(logits.dtype).reshape(logits.shape)
    if _shares(logits.detach()):
        return functional.binary_cross_entropy(logits, target)
    return functional.binary_cross_entropy_with_logits(logits, target)


def _mse(logits: Any, target: Any) -> Any:  # noqa: ANN401
    if target.shape != logits.shape and target.numel() == logits.numel():
        target = target.reshape(logits.shape)
    if target.shape != logits.shape:
        raise DataError(
            f"The targets must have the shape of the output {tuple(logits.shape)}, got {tuple(target.shape)}. "
            "Give targets that fit, or declare the loss: FILE.py:NAME."
        )
    return functional.mse_loss(logits, target.to(logits.dtype))


_COMPUTED: Mapping[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": _cross_entropy,
    "nll": _nll,
    "probabilities": lambda p, y: _nll(p.clamp_min(1e-30).log(), y),
    "bce": _bce,
    "mse": _mse,
}
