"""Running the lab: a socket that is bound before anything is printed, and uvicorn on it."""

import secrets
import socket
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from initlab.errors import SpecError
from initlab.lab.app import create
from initlab.lab.guard import is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab that is bound to its port and ready to run; `url` is the address to open."""

    url: str
    host: str
    port: int
    app: FastAPI
    sock: socket.socket
    server: uvicorn.Server

    def run(self) -> None:
        """Serve until it is told to stop (Ctrl-C)."""
        self.server.run(sockets=[self.sock])


def bind(*, host: str = "127.0.0.1", port: int = 0, threads: int | None = None) -> Lab:
    """Bind a lab to a port, any that is free if it is 0. Raises SpecError when that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen()  # a browser that is quicker than the server waits
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or error
        raise SpecError(
            f"The address {host}:{port} must be free and of this machine, got: {reason}. Take --port 0."
        ) from None
    token = None if is_loopback(host) else secrets.token_urlsafe(16)
    app = create(host=host, token=token, threads=threads)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, server_header=False
    )
    bound = sock.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    query = f"?token={token}" if token else ""
    return Lab(
        app=app, url=f"http://{shown}:{bound}/{query}", host=host, port=bound, sock=sock, server=uvicorn.Server(config)
    )
