"""The studio's server: where it listens, and how it ends."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from hillotype.errors import HillotypeError

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

_M_ARENA_MAX = -8  # of malloc.h
_PATIENCE = 3.0  # seconds for requests to be answered once the studio ends


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens; port 0 takes any that is free.

    Raises:
        HillotypeError: the address is not of this computer, or the port is taken or not allowed.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            reason = "in use already" if error.errno == errno.EADDRINUSE else "kept for the system"
            raise HillotypeError(f"port {port}: {reason}; choose another with --port, or 0 for any") from error
        raise HillotypeError(f"{host}: no address of this computer; leave --host out, or give 0.0.0.0") from error


def serve(app: FastAPI, listening: socket.socket, tell: Callable[[str], object]) -> None:
    """Serves until the person interrupts; then ends what is going on, removes all files, and tells so in a line."""
    _keep_arenas_few()
    server = Server(app, tell)

    async def until_the_end() -> None:
        await server.serve([listening])
        if server.broke_off:
            os._exit(0)  # Python would wait for threads that compute what nobody waits for, and cannot end them

    with suppress(KeyboardInterrupt):
        asyncio.run(until_the_end())


class Server(uvicorn.Server):
    """Serves one studio, and ends within seconds.

    Attributes:
        app: the studio.
        broke_off: whether requests were still going on when it ended.
    """

    def __init__(self, app: FastAPI, tell: Callable[[str], object] = lambda _: None) -> None:
        self.app, self._tell, self.broke_off = app, tell, False
        super().__init__(
            uvicorn.Config(
                self._answer, interface="asgi3", log_level="warning", server_header=False, proxy_headers=False
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends; told so again, goes on ending: hurried, uvicorn would leave files and a training behind."""
        if not self.should_exit:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the sessions first, as listeners to their events would stay for ever, then what is left of requests."""
        sessions, laboratory = self.app.state.sessions, self.app.state.laboratory
        words = "the studio has ended, its pictures are removed"
        if unfinished := sessions.unfinished():
            words += f", {unfinished} of them unfinished"
        if laboratory is not None and laboratory.trainer.state().going:
            words += f"; the training {laboratory.trainer.state().name} was stopped"
        sessions.close()
        if laboratory is not None:
            laboratory.ending.set()
        breaking_off = asyncio.get_running_loop().call_later(_PATIENCE, self._break_off)
        await super().shutdown(sockets)
        breaking_off.cancel()
        self._tell(words)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(asyncio.CancelledError):  # of `_break_off`: uvicorn would print where it was
            await self.app(scope, receive, send)

    def _break_off(self) -> None:
        self.broke_off = True
        for connection in self.server_state.connections:
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()


def _keep_arenas_few() -> None:
    """Has glibc take memory from two arenas in place of eight a core, which grow by fragments under many threads.

    Measured from request 200 to 2,000: the resident memory grows from 229 to 268 MB without this, and with it from
    210 to 221 at request 800 and no more.
    """
    with suppress(OSError, AttributeError):  # another system
        ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 2)
