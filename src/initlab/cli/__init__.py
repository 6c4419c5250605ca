"""The command line: parse, call the api, render. One file a verb; the first line of the file is the verb's help."""

from initlab.cli.main import main as main
