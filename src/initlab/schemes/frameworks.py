"""What the frameworks do when nothing is said: torch, Keras and Flax, biases and embeddings included.

Each is stated as the framework does it, its fans included, right or wrong.
"""

import math

from initlab.laws import Constant, Law, Normal, Orthogonal, TruncatedNormal, Uniform
from initlab.parameters import TABLES, Fan, Gate, Role
from initlab.schemes.orthogonal import matrix
from initlab.schemes.scheme import scheme


@scheme("pytorch_default", sets_biases=True)
def torch_default(fan: Fan, *, role: Role = "weight", gate: Gate | None = None) -> Law:
    """What torch gives Linear, Conv, Embedding and recurrent layers: a third of LeCun's variance, biases as well.

    A signal loses two thirds of its variance in each linear layer, and five sixths with ReLU: too small for depth. The
    source calls `kaiming_uniform_(a=√5)`, which comes to this. A transposed convolution takes its fan from the outputs
    and ignores the stride. LSTM and GRU layers use their hidden size H for every tensor (known here by its gate).
    MultiheadAttention is another matter: `xavier_uniform_` on the packed (3d, d) matrix, zero biases.

    ## Formula
    w, b ~ U(-1/√fan_in, 1/√fan_in),  Var(w) = 1/(3·fan_in);   recurrent: 1/√H;   embedding: N(0, 1)

    ## Example
    >>> torch_default(Fan.dense(100, 10)).support
    (-0.1, 0.1)

    ## References
    torch, `torch.nn.Linear`, `torch.nn.RNNBase`, `torch.nn.Embedding`. LeCun et al., 1998, as quoted by Glorot, Bengio,
    AISTATS 2010, section 4.2 ("commonly used heuristic").
    """
    if role in TABLES:
        return Normal(std=1.0)
    if gate is not None or role == "recurrent":
        return Uniform(bound=1 / math.sqrt(fan.outputs if gate is not None else fan.inputs))
    channels = fan.outputs if fan.transposed else fan.inputs
    return Uniform(bound=1 / math.sqrt(channels // fan.groups * fan.taps))


@scheme(sets_biases=True)
def keras_default(fan: Fan, *, role: Role = "weight", gate: Gate | None = None) -> Law:
    """What Keras gives Dense, Conv, Embedding and recurrent layers: Glorot uniform, zero biases, an open forget gate.

    With ReLU the variance halves in each layer. A kernel's fan_out counts all output channels, groups and strides
    ignored. The recurrent kernel of an LSTM is orthogonal with its four gates packed, so each gate has half the
    standard deviation of an orthogonal matrix of its own; one gate alone is stated as such a matrix of gain 1/2.

    ## Formula
    w ~ U(-a, a),  a = √(6/(fan_in + fan_out)),  Var(w) = 2/(fan_in + fan_out);   recurrent: orthogonal;
    embedding: U(-0.05, 0.05);   forget bias 1, other biases 0

    ## Example
    >>> keras_default(Fan.dense(2, 4)).bound
    1.0
    >>> keras_default(Fan.dense(2, 4), role="bias", gate="forget")
    Constant(value=1.0)

    ## References
    Keras, `keras.layers.Dense`, `keras.layers.LSTM`, `keras.layers.Embedding`.
    """
    if role == "bias":
        return Constant(value=1.0 if gate == "forget" else 0.0)
    if role in TABLES:
        return Uniform(bound=0.05)
    rows, columns = matrix(fan)
    if role == "recurrent":
        return Orthogonal(rows=rows, columns=columns, gain=1.0 if gate is None else 0.5)
    return Uniform(bound=math.sqrt(6 / (columns + rows * fan.taps)))


@scheme()
def flax_default(fan: Fan, *, role: Role = "weight") -> Law:
    """What Flax gives Dense, Conv, Embed and recurrent layers: LeCun's variance without tails, zero biases.

    Keeps the signal of linear layers and halves that of ReLU ones. The variance is the true one: JAX divides the
    truncation out. Recurrent kernels are orthogonal gate by gate; a transposed convolution ignores its stride.

    ## Formula
    w ~ N(0, s²) given |w| <= 2s,  Var(w) = 1/fan_in;   recurrent: orthogonal;   embedding: N(0, 1/width)

    ## Example
    >>> round(flax_default(Fan.dense(100, 10)).std, 12)
    0.1

    ## References
    Flax, `flax.linen.Dense`, `flax.linen.Embed`, `flax.linen.OptimizedLSTMCell`; JAX,
    `jax.nn.initializers.lecun_normal`.
    """
    rows, columns = matrix(fan)
    if role in TABLES:
        return Normal(std=1 / math.sqrt(fan.outputs))
    if role == "recurrent":
        return Orthogonal(rows=rows, columns=columns)
    return TruncatedNormal.of_std(1 / math.sqrt(columns))
