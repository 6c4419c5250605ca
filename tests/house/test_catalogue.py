"""The catalogue: filled once, by whichever thread comes first, and strict about names."""

import subprocess
import sys

import pytest

from initlab.catalogue import Catalogue
from initlab.errors import CatalogueError, UnknownNameError

RACE = """
from concurrent.futures import ThreadPoolExecutor
from initlab.schemes import choose
with ThreadPoolExecutor(8) as pool:
    print(len({choice.label for choice in pool.map(choose, ["he_normal"] * 64)}))
"""


def test_many_threads_may_ask_first():
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_two_entries_of_one_name_are_a_fault():
    catalogue = Catalogue(kind="thing", package="initlab.schemes")
    catalogue.add("one", 1, aliases=("first",))
    for name in ("one", "first"):
        with pytest.raises(CatalogueError, match=f"Two entries of the thing catalogue are called '{name}'"):
            catalogue.add(name, 2)


def test_an_unknown_name_offers_the_nearest_or_lists_them():
    catalogue = Catalogue(kind="thing", package="initlab.schemes")
    catalogue.add("orthogonal", 1)
    with pytest.raises(UnknownNameError, match="Did you mean 'orthogonal'"):
        _ = catalogue["ortogonal"]
    with pytest.raises(UnknownNameError, match="Known: orthogonal"):
        _ = catalogue["zzz"]
