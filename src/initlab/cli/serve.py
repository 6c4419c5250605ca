"""serve: Open the lab, a web page where several initializations train side by side, live."""

import webbrowser
from contextlib import suppress

import click

from initlab.cli.options import as_json as json_option
from initlab.errors import MissingExtraError
from initlab.render import json


@click.command(epilog="Example: initlab serve --port 8000 --no-browser. Ctrl-C ends it.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to bind; elsewhere, a token is asked."
)
@click.option("--threads", type=click.IntRange(min=1), help="Networks trained at once.  [default: one a processor]")
@click.option("--browser/--no-browser", default=True, help="Open the page.  [default: --browser]")
@json_option
def serve(port: int, host: str, threads: int | None, browser: bool, as_json: bool) -> int:
    """Open the lab, a web page where several initializations train side by side, live.

    It listens on this machine alone unless --host says otherwise, asks nothing of the network, and ends with Ctrl-C.
    """
    try:
        from initlab.lab.server import bind
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "fastapi", extra="lab") from None
    lab = bind(host=host, port=port, threads=threads)
    document = json.heading("serve") | {"url": lab.url, "host": lab.host, "port": lab.port}
    click.echo(json.dumps(document) if as_json else f"The lab is at {lab.url}")
    if browser:
        webbrowser.open(lab.url)
    with suppress(KeyboardInterrupt):
        lab.run()
    return 0
