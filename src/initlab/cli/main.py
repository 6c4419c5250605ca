"""The `initlab` command: finds the verbs, and turns every error into one line and an exit code."""

import importlib
import io
import sys
from importlib import resources

import click

from initlab.errors import InitlabError, UnknownNameError

EPILOG = (
    "Exit codes: 0 fine, 1 it ran and found a problem, 2 usage or input error, 3 could not decide, 130 interrupted."
)
NOT_VERBS = ("__init__", "main", "options", "progress")


class Verbs(click.Group):
    """A group whose commands are the files of this package, each imported only when its verb is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        files = (file.name for file in resources.files("initlab.cli").iterdir() if file.name.endswith(".py"))
        return sorted({name.removesuffix(".py") for name in files} - set(NOT_VERBS))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"initlab.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx):
            raise UnknownNameError("verb", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _first_line(name)) for name in self.list_commands(ctx)])


def _first_line(verb: str) -> str:
    """The help of a verb: the first line of its file, read without importing it."""
    text = (resources.files("initlab.cli") / f"{verb}.py").read_text(encoding="utf-8")
    return text.split("\n", 1)[0].strip('"').partition(": ")[2]


@click.group(cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="initlab")
def initlab() -> None:
    """Get a neural network right before its first training step."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command line; every error is one line on stderr, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return int(initlab.main(args, standalone_mode=False, auto_envvar_prefix="INITLAB") or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _fail(error.format_message(), 2)
    except InitlabError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted.", 130)
    except SystemExit:  # click's answer to a reader that left early
        return 0
    except OSError as error:
        return _fail(f"The output must be writable, got: {error.strerror or error}.", 2)


def _fail(message: str, code: int) -> int:
    click.echo(f"initlab: {' '.join(message.split())}", err=True)
    return code
