"""Schemes for residual networks: Fixup, T-Fixup, DeepNorm, Sub-LN and ReZero."""

import math
from typing import Annotated, Literal

from initlab.laws import Constant, Law, Normal, Uniform
from initlab.parameters import RESIDUAL_OUTPUTS, TABLES, Fan, Role
from initlab.schemes.options import NotNegative, Range
from initlab.schemes.scheme import known, scheme
from initlab.schemes.variance_scaling import Mode, size

SCALED_ROLES: frozenset[Role] = RESIDUAL_OUTPUTS | {"weight", "gate", "value"}
"""What the transformer schemes scale: the value path and both layers of the feed-forward; not queries and keys."""

Part = Literal["encoder", "decoder"]
Stack = Literal["single", "encoder", "decoder"]


@scheme()
def fixup(
    fan: Fan,
    *,
    branch_layers: Annotated[int, Range(low=2, high=1000)] = 2,
    mode: Mode = "fan_out",
    role: Role = "weight",
    depth: int | None = None,
) -> Law:
    """Trains residual networks without normalisation: branches end in zeros and start smaller the more there are.

    Needs the network's help: a learned scalar bias before each layer and activation (0) and one scale a branch (1).
    Layers outside the branches keep He's scale, and the head is zero.

    ## Formula
    residual outputs and head:  W = 0;   in a branch:  w ~ N(0, σ²·L^(-1/(m - 1)));   input layer:  w ~ N(0, σ²);
    σ² = 2/fan_out,  L branches of m layers

    ## Example
    >>> fixup(Fan.dense(50, 50), depth=16).std == 0.2 * 16 ** -0.5
    True

    ## References
    Zhang, Dauphin, Ma, Fixup Initialization, ICLR 2019, arXiv:1901.09321.
    """
    if role == "head" or role in RESIDUAL_OUTPUTS:
        return Constant(value=0.0)
    std = math.sqrt(2 / size(fan, mode))
    if role == "input":
        return Normal(std=std)
    return Normal(std=std * math.pow(known("depth", depth), -1 / (2 * branch_layers - 2)))


@scheme("tfixup")
def t_fixup(
    fan: Fan, *, part: Part = "encoder", role: Role = "weight", depth: int | None = None, width: int | None = None
) -> Law:
    """Trains transformers without layer normalisation and without warm-up.

    `depth` is the number of layers of the part the parameter is in. Queries, keys and other layers are Xavier; the
    published code, which packs the three projections, leaves queries and keys at 1/√2 of that.

    ## Formula
    w ~ U(±c·√(6/(fan_in + fan_out)));   c = 0.67·N^(-1/4) encoder, (9N)^(-1/4) decoder for values, outputs and
    feed-forward, 1 for others;   embeddings ~ N(0, σ²),  σ = (9N)^(-1/4)/√d

    ## Example
    >>> t_fixup(Fan.dense(3, 3), part="decoder", role="value", depth=9).bound == 81 ** -0.25
    True

    ## References
    Huang, Perez, Ba, Volkovs, Improving Transformer Optimization Through Better Initialization, ICML 2020.
    """
    if role in TABLES:
        return Normal(std=math.pow(9 * known("depth", depth), -1 / 4) / math.sqrt(known("width", width)))
    gain = 1.0
    if role in SCALED_ROLES:
        layers = known("depth", depth)
        gain = 0.67 * math.pow(layers, -1 / 4) if part == "encoder" else math.pow(9 * layers, -1 / 4)
    return Uniform(bound=gain * math.sqrt(3 / fan.fan_avg))


@scheme("deepnet")
def deepnorm(
    fan: Fan,
    *,
    part: Stack = "single",
    decoder_depth: Annotated[int, Range(low=0, high=10**6)] = 0,
    role: Role = "weight",
    depth: int | None = None,
    width: int | None = None,
) -> Law:
    """Trains post-norm transformers of a thousand layers; half of a method whose other half is in the forward pass.

    The network must add its skip connection with a multiplier: x <- LN(αx + f(x)), α = (2N)^(1/4) for an encoder or
    decoder alone; in a pair, α = 0.81·(N⁴M)^(1/16) in the encoder of N layers and (3M)^(1/4) in the decoder of M.
    `part` "single" is an encoder or decoder alone. In a pair `depth` is that of the part; the encoder needs
    `decoder_depth` too, where 0 means as deep as itself.

    ## Formula
    w ~ N(0, β²·2/(fan_in + fan_out));   β = (8N)^(-1/4) single, 0.87·(N⁴M)^(-1/16) encoder, (12M)^(-1/4) decoder
    for values, outputs and feed-forward, 1 for others;   embeddings ~ N(0, 1/d) as in the published code

    ## Example
    >>> deepnorm(Fan.dense(4, 4), role="query").std, deepnorm(Fan.dense(4, 4), role="value", depth=2).std
    (0.5, 0.25)

    ## References
    Wang, Ma, Dong, Huang, Zhang, Wei, DeepNet: Scaling Transformers to 1,000 Layers, 2022, arXiv:2203.00555.
    """
    if role in TABLES:
        return Normal(std=1 / math.sqrt(known("width", width)))
    beta = _beta(part, known("depth", depth), decoder_depth) if role in SCALED_ROLES else 1.0
    return Normal(std=beta / math.sqrt(fan.fan_avg))


def _beta(part: Stack, depth: int, decoder_depth: int) -> float:
    match part:
        case "single":
            return math.pow(8 * depth, -1 / 4)
        case "encoder":
            return 0.87 * math.pow(depth**4 * (decoder_depth or depth), -1 / 16)
        case "decoder":
            return math.pow(12 * depth, -1 / 4)


@scheme("magneto")
def sub_ln(fan: Fan, *, role: Role = "weight", depth: int | None = None) -> Law:
    """Larger values, outputs and feed-forward for transformers that normalise inside each branch as well (Sub-LN).

    For an encoder or decoder alone. The second normalisation bounds the branch, so the weights may grow with depth.

    ## Formula
    w ~ N(0, γ²·2/(fan_in + fan_out));   γ = √(ln 2L) for values, outputs and feed-forward, 1 for others

    ## Example
    >>> sub_ln(Fan.dense(4, 4), role="query")
    Normal(std=0.5, mean=0.0)

    ## References
    Wang et al., Foundation Transformers (Magneto), 2022, arXiv:2210.06423.
    """
    gamma = math.sqrt(math.log(2 * known("depth", depth))) if role in SCALED_ROLES else 1.0
    return Normal(std=gamma / math.sqrt(fan.fan_avg))


@scheme("skipinit", sets_scales=True)
def rezero(fan: Fan, *, gain: NotNegative = 1.0, role: Role = "weight") -> Law:
    """Each residual branch is multiplied by a learned scale that starts at zero: the network starts as the identity.

    Needs that scale in the network, one number a branch. The weights keep He's scale; since the scale is zero, they
    get no gradient at the very first step, and it does.

    ## Formula
    x <- x + α·f(x),  α = 0;   w ~ N(0, gain²·2/fan_in)

    ## Example
    >>> rezero(Fan.dense(1, 1), role="residual_scale")
    Constant(value=0.0)

    ## References
    Bachlechner, Majumder, Mao, Cottrell, McAuley, ReZero is All You Need, 2020, arXiv:2003.04887.
    De, Smith, Batch Normalization Biases Residual Blocks Towards the Identity Function, NeurIPS 2020, arXiv:2002.10444.
    """
    if role == "residual_scale":
        return Constant(value=0.0)
    return Normal(std=gain * math.sqrt(2 / fan.fan_in))
