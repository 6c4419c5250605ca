"""Transformer schemes that set the scale by the model's width: small init, Wang's outputs, scaled embeddings."""

import math

from initlab.laws import Law, Normal
from initlab.parameters import RESIDUAL_OUTPUTS, TABLES, Fan, Role
from initlab.schemes.scheme import known, scheme


def _small(width: int) -> float:
    return math.sqrt(2 / (5 * width))


@scheme()
def small_init(_fan: Fan, *, width: int) -> Law:
    """One small standard deviation for every weight of a transformer, that of Glorot for a layer d -> 4d.

    For transformers with normalisation; too small for a plain ReLU network of any depth.

    ## Formula
    w ~ N(0, 2/(5d)),  d the model's width

    ## Example
    >>> small_init(Fan.dense(40, 160), width=40)
    Normal(std=0.1, mean=0.0)

    ## References
    Nguyen, Salazar, Transformers without Tears, IWSLT 2019, arXiv:1910.05895.
    """
    return Normal(std=_small(width))


@scheme("wang_init")
def wang(_fan: Fan, *, width: int, role: Role = "weight", depth: int | None = None) -> Law:
    """Small init, with the outputs of residual branches made smaller in step with the depth: the recipe of GPT-NeoX.

    ## Formula
    residual outputs:  w ~ N(0, (2/(L√d))²);   others:  w ~ N(0, 2/(5d));   L layers, d the model's width

    ## Example
    >>> wang(Fan.dense(400, 100), role="residual_out", width=100, depth=4)
    Normal(std=0.05, mean=0.0)

    ## References
    Wang, Komatsuzaki, Mesh-Transformer-JAX, 2021; Black et al., GPT-NeoX-20B, 2022, arXiv:2204.06745.
    """
    if role in RESIDUAL_OUTPUTS:
        return Normal(std=2 / (known("depth", depth) * math.sqrt(width)))
    return Normal(std=_small(width))


@scheme()
def scaled_embed(_fan: Fan, *, width: int, role: Role = "weight", depth: int | None = None) -> Law:
    """Small init with large embeddings and outputs scaled by depth: keeps loss spikes away in pre-norm transformers.

    ## Formula
    embeddings:  w ~ N(0, 2/5);   residual outputs:  w ~ N(0, 2/(5d)/(2L));   others:  w ~ N(0, 2/(5d))

    ## Example
    >>> scaled_embed(Fan.dense(160, 40), role="residual_out", width=40, depth=2)
    Normal(std=0.05, mean=0.0)

    ## References
    Takase, Kiyono, Kobayashi, Suzuki, Spike No More, 2023, arXiv:2312.16903.
    """
    if role in TABLES:
        return Normal(std=math.sqrt(2 / 5))
    if role in RESIDUAL_OUTPUTS:
        return Normal(std=_small(width) / math.sqrt(2 * known("depth", depth)))
    return Normal(std=_small(width))
