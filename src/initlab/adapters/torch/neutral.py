"""The value at which the scale of a normalisation does nothing: 1, or 0 where the layer computes (1 + w)·x."""

import torch
from torch.func import functional_call

from initlab.adapters.torch.evidence import Evidence
from initlab.adapters.torch.flow import GRID
from initlab.adapters.torch.names import Named
from initlab.adapters.torch.twin import twin


def neutral_value(named: Named, evidence: Evidence) -> float:
    """From the function w + b of the scale that the run has seen multiplied; where it has seen none, from a trial."""
    curves = [use.curve for use in evidence.uses(named.name) if use.operation in ("mul", "norm_scale")]
    for curve in curves:
        if curve is not None:
            offset = curve - GRID
            return round(1 - float(offset[0]), 6) + 0.0 if bool(torch.allclose(offset, offset[0])) else 1.0
    return _tried(named)


def _tried(named: Named) -> float:
    """Whether the layer gives zeros for a scale of zeros: then it multiplies by w itself."""
    module, key = named.owners[0]
    try:
        copied, _ = twin(module)
        size = named.tensor.shape[-1]
        scales = {name: torch.zeros(each.shape) for name, each in copied.named_parameters()}
        with torch.no_grad():
            out = functional_call(copied, scales, (torch.linspace(-1, 1, 2 * size).view(2, size),))
    except Exception:
        return 1.0
    return 0.0 if isinstance(out, torch.Tensor) and bool(out.any()) and key in scales else 1.0
