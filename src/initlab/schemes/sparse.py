"""The sparse scheme: most weights are zero."""

import math

from initlab.laws import Law, Sparse
from initlab.parameters import Fan
from initlab.schemes.options import NotNegative, Share
from initlab.schemes.orthogonal import matrix
from initlab.schemes.scheme import scheme


@scheme()
def sparse(fan: Fan, *, sparsity: Share = 0.9, std: NotNegative = 0.01) -> Law:
    """Each input feeds a few units only, chosen at random: units differ strongly however wide the layer is.

    Zeros are counted by column, as in torch: an input always reaches some unit, but a unit may get no input at all.
    Martens limits the inputs of a unit instead, to 15. Unlike torch, one weight of each column is kept even where the
    sparsity would take it, so that a layer of one output is not all zero.

    ## Formula
    ⌈sparsity·rows⌉ zeros in each column, rows - 1 at most; the others ~ N(0, std²)

    ## Example
    >>> sparse(Fan.dense(100, 50), sparsity=0.9)
    Sparse(rows=50, columns=100, zeros=45, entry_std=0.01)

    ## References
    Martens, Deep learning via Hessian-free optimization, ICML 2010; torch, `torch.nn.init.sparse_`.
    """
    rows, columns = matrix(fan)
    return Sparse(rows=rows, columns=columns, zeros=min(math.ceil(sparsity * rows), rows - 1), entry_std=std)
