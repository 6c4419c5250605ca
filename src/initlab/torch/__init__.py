"""initlab where torch users already are: one line for a model, one function a scheme, and hooks of the trainers.

import initlab.torch

initlab.torch.init_(model, "auto", seed=0)                                   a model, in place
initlab.torch.he_normal_(layer.weight, seed=0, name="fc.weight")             a tensor; one such for every scheme
GPT2PreTrainedModel._init_weights = initlab.torch.init_weights("gpt2")       transformers
Trainer(callbacks=[initlab.torch.Initialize("auto", seed=0)])                Lightning
Trainer(callbacks=[initlab.torch.callbacks.lightning()])                     a check at step zero; or .transformers()
def init_weights(self, **_): initlab.torch.init_(self, "llama-depth")        torchtitan, after FSDP2's to_empty
"""

import importlib
from typing import TYPE_CHECKING, Any

from initlab.schemes import SCHEMES
from initlab.torch.hooks import init_ as init_
from initlab.torch.hooks import init_weights as init_weights
from initlab.torch.tensors import function_of

if TYPE_CHECKING:
    from initlab.torch.lightning import Initialize as Initialize


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "callbacks":
        return importlib.import_module("initlab.torch.callbacks")
    if name == "Initialize":
        from initlab.torch.lightning import Initialize

        return Initialize
    if name.endswith("_") and name[:-1] in SCHEMES:
        return function_of(name[:-1])
    raise AttributeError(f"module 'initlab.torch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(["callbacks", "init_", "init_weights", "Initialize", *(f"{name}_" for name in SCHEMES)])
