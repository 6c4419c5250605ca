"""The laws: distributions that know their mean, variance and support. Pure data, no sampling.

A law describes one tensor before it is drawn; `initlab.streams` draws it.

    elementwise    Constant · Normal · Uniform · TruncatedNormal · LogUniform
    of a matrix    Orthogonal · DeltaOrthogonal · Identity · Dirac · Hadamard · Sparse · CopiedRows

The matrix laws carry the size of the matrix, because the variance of an entry depends on it. Their matrix has one row
for an output and one column for an input; a convolution kernel of `taps` positions is laid as (rows, columns, taps).
`mean` and `variance` are those of an entry of the tensor chosen at random.
"""

from initlab.laws.elementwise import Constant as Constant
from initlab.laws.elementwise import LogUniform as LogUniform
from initlab.laws.elementwise import Normal as Normal
from initlab.laws.elementwise import TruncatedNormal as TruncatedNormal
from initlab.laws.elementwise import Uniform as Uniform
from initlab.laws.elementwise import normal_cdf as normal_cdf
from initlab.laws.elementwise import normal_density as normal_density
from initlab.laws.law import Law as Law
from initlab.laws.law import shown as shown
from initlab.laws.law import whole_number as whole_number
from initlab.laws.matrix import CopiedRows as CopiedRows
from initlab.laws.matrix import DeltaOrthogonal as DeltaOrthogonal
from initlab.laws.matrix import Dirac as Dirac
from initlab.laws.matrix import Hadamard as Hadamard
from initlab.laws.matrix import Identity as Identity
from initlab.laws.matrix import MatrixLaw as MatrixLaw
from initlab.laws.matrix import Orthogonal as Orthogonal
from initlab.laws.matrix import Sparse as Sparse
