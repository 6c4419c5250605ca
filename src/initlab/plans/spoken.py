"""Laws in a few signs, for tables and messages."""

from initlab.laws import (
    Constant,
    CopiedRows,
    DeltaOrthogonal,
    Dirac,
    Hadamard,
    Identity,
    Law,
    LogUniform,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
)


def spoken(law: Law) -> str:
    """A law in a few signs.

    >>> spoken(Normal(std=0.02)), spoken(Uniform(bound=0.5)), spoken(Constant(value=0.0))
    ('N(0, 0.02²)', 'U(±0.5)', '0')
    """
    match law:
        case Constant(value=value):
            return f"{value:.4g}"
        case Normal(std=std, mean=mean):
            return f"N({mean:.4g}, {std:.4g}²)"
        case Uniform(bound=bound, centre=centre):
            return f"U({centre - bound:.4g}, {centre + bound:.4g})" if centre else f"U(±{bound:.4g})"
        case TruncatedNormal(scale=scale, low=low, high=high, centre=centre):
            cut = f"±{high:.3g}σ" if low == -high else f"{low:.3g}σ, {high:.3g}σ"
            return f"N({centre:.4g}, {scale:.4g}²) cut at {cut}"
        case LogUniform(low=low, high=high, negated=negated):
            return f"{'-' if negated else ''}ln U({low:.4g}, {high:.4g})"
        case CopiedRows(row=row):
            return f"one row of {spoken(row)}, copied"
    return _of_matrix(law)


def _of_matrix(law: Law) -> str:
    match law:
        case DeltaOrthogonal(gain=gain):
            return f"{_times(gain)}orthogonal at the centre"
        case Orthogonal(gain=gain):
            return f"{_times(gain)}orthogonal"
        case Dirac(gain=gain):
            return f"{_times(gain)}Dirac"
        case Identity(gain=gain):
            return f"{_times(gain)}identity"
        case Hadamard():
            return "Hadamard" if law.order else "identity"
        case Sparse(zeros=zeros, rows=rows, entry_std=std):
            return f"N(0, {std:.4g}²), {zeros} of {rows} zero"
    return type(law).__name__


def _times(gain: float) -> str:
    return "" if gain == 1 else f"{gain:.4g} · "
