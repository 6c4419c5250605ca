"""Which files pytest leaves alone: those of a framework that is not installed, whose examples cannot run."""

from importlib.util import find_spec

_NEEDS = {
    "torch": ["src/initlab/streams/torch.py", "src/initlab/streams/triton.py", "src/initlab/streams/shards.py"],
    "jax": ["src/initlab/streams/jax.py"],
}

collect_ignore = [path for framework, paths in _NEEDS.items() if not find_spec(framework) for path in paths]
