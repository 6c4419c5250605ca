"""What pytest leaves alone where torch is not installed: the script that the ranks of `test_dtensor.py` run."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["dtensor_ranks.py"]
