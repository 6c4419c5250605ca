"""A callback of Lightning that draws the module before it is trained."""

from lightning.pytorch import Callback, LightningModule, Trainer

from initlab.api.plan import Source
from initlab.torch.hooks import init_


class Initialize(Callback):
    """Draws the module as a policy plans it when fitting starts, unless it goes on from a checkpoint.

    Lightning builds (and shards) the module first, so that a strategy changes no number.
    """

    def __init__(self, policy: Source = "auto", *, seed: int = 0) -> None:
        self.policy, self.seed = policy, seed

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw, but for a run that goes on."""
        if trainer.ckpt_path is None:
            init_(pl_module, self.policy, seed=self.seed)
