"""Transformer schemes that shrink the outputs of residual branches with depth, as the language models' sources do."""

import math

from initlab.laws import Law, Normal, TruncatedNormal
from initlab.parameters import RESIDUAL_OUTPUTS, TABLES, Fan, Role
from initlab.schemes.options import NotNegative
from initlab.schemes.scheme import known, scheme


def _cut(scale: float) -> Law:
    """A normal law cut at three of its own σ and not corrected for it, as these sources draw theirs."""
    return TruncatedNormal(scale=scale, low=-3.0, high=3.0)


@scheme()
def gpt2(_fan: Fan, *, std: NotNegative = 0.02, role: Role = "weight", depth: int | None = None) -> Law:
    """One fixed standard deviation, and residual outputs divided by the root of how many are added up.

    For pre-norm transformers near GPT-2's width; elsewhere 0.02 is a number like any other. Take care that the scaled
    layers are found: a name that matches nothing leaves them at 0.02, without a word.

    ## Formula
    residual outputs:  w ~ N(0, std²/(2L));   others, embeddings too:  w ~ N(0, std²);   L blocks of two branches

    ## Example
    >>> gpt2(Fan.dense(3072, 768), role="residual_out", depth=8)
    Normal(std=0.005, mean=0.0)

    ## References
    Radford, Wu, Child, Luan, Amodei, Sutskever, Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
    """
    if role in RESIDUAL_OUTPUTS:
        return Normal(std=std / math.sqrt(2 * known("depth", depth)))
    return Normal(std=std)


@scheme("full_megatron")
def megatron(
    fan: Fan, *, std: NotNegative = 0.02, role: Role = "weight", depth: int | None = None, width: int | None = None
) -> Law:
    """GPT-2's rule without tails, and a head scaled by the width: OLMo's `full_megatron`, in the style of Llama 2.

    The cut at 3σ is not divided out: the true standard deviation is 0.9866 of the one written.

    ## Formula
    w ~ N(0, s²) given |w| <= 3s;   s = std/√(2L) residual outputs, 1/√d head, std others;   Var(w) = 0.9733·s²

    ## Example
    >>> megatron(Fan.dense(768, 768)).scale
    0.02

    ## References
    Shoeybi et al., Megatron-LM, 2019, arXiv:1909.08053; Groeneveld et al., OLMo, 2024, arXiv:2402.00838 (its source).
    """
    if role in RESIDUAL_OUTPUTS:
        return _cut(std / math.sqrt(2 * known("depth", depth)))
    return _cut(1 / math.sqrt(width or fan.fan_in) if role == "head" else std)


@scheme()
def mitchell(fan: Fan, *, role: Role = "weight", layer: int | None = None, width: int | None = None) -> Law:
    """LeCun's scale without tails, and residual outputs that shrink with their place in the network: OLMo's own.

    The cut at 3σ is not divided out: the true standard deviation is 0.9866 of the one written.

    ## Formula
    w ~ N(0, s²) given |w| <= 3s;   s = 1/√(2·fan_in·(l + 1)) residual outputs of block l = 0, 1, ...;
    1/√d embeddings;   1/√fan_in others;   Var(w) = 0.9733·s²

    ## Example
    >>> mitchell(Fan.dense(50, 50), role="residual_out", layer=0).scale
    0.1

    ## References
    Groeneveld et al., OLMo, 2024, arXiv:2402.00838 (its source names Mitchell Wortsman's scheme).
    """
    if role in RESIDUAL_OUTPUTS:
        return _cut(1 / math.sqrt(2 * fan.fan_in * (known("layer", layer) + 1)))
    return _cut(1 / math.sqrt(known("width", width) if role in TABLES else fan.fan_in))


@scheme()
def llama_depth(
    fan: Fan, *, std: NotNegative = 0.02, role: Role = "weight", layer: int | None = None, width: int | None = None
) -> Law:
    """Fixed scale, and residual outputs that shrink with their place in the network: as torchtitan trains Llama.

    Here the outputs of branches are scaled and nothing else; torchtitan and OLMo-core scale the up-projection of the
    gated MLP (w3) along with its output (w2). Cut at 3σ as in OLMo-core, and not divided out: the true standard
    deviation is 0.9866 of the one written. torchtitan cuts at ±2, that is, at 100σ: not at all.

    ## Formula
    w ~ N(0, s²) given |w| <= 3s;   s = std/√(2(l + 1)) residual outputs of block l = 0, 1, ...;   1/√d head;
    std others;   Var(w) = 0.9733·s²;   embeddings ~ N(0, 1)

    ## Example
    >>> llama_depth(Fan.dense(64, 64), role="attention_out", layer=7).scale
    0.005

    ## References
    The sources of torchtitan (`init_weights` of Llama 3) and of OLMo-core (`InitMethod.llama_depth`).
    """
    if role in TABLES:
        return Normal(std=1.0)
    if role in RESIDUAL_OUTPUTS:
        return _cut(std / math.sqrt(2 * (known("layer", layer) + 1)))
    return _cut(1 / math.sqrt(width or fan.fan_in) if role == "head" else std)


@scheme("normalized")
def ngpt(_fan: Fan, *, width: int, role: Role = "weight", depth: int | None = None) -> Law:
    """The start of a normalised transformer: every weight at 1/√d, residual outputs divided by the root of 2L.

    nGPT then normalises each row to length one before the first step and after every one, which undoes the scales:
    without that, this is LeCun's scheme with scaled outputs. The cut at 3σ (OLMo-core) is not divided out: the true
    standard deviation is 0.9866 of the one written.

    ## Formula
    w ~ N(0, s²) given |w| <= 3s;   s = 1/√(2Ld) residual outputs, 1/√d others;   embeddings ~ N(0, 1/d), not cut

    ## Example
    >>> ngpt(Fan.dense(100, 100), width=100).scale
    0.1

    ## References
    Loshchilov, Hsieh, Sun, Ginsburg, nGPT, 2024, arXiv:2410.01131; OLMo-core, `InitMethod.normalized`.
    """
    std = 1 / math.sqrt(width)
    if role in TABLES:
        return Normal(std=std)
    return _cut(std / math.sqrt(2 * known("depth", depth)) if role in RESIDUAL_OUTPUTS else std)
