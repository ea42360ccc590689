"""`hillotype studio`: the page on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hillotype.cli.extras import needs_extra


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(studio)


def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes any that is free.")] = 8760,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    host: Annotated[
        str, typer.Option(help="The address it listens on. Other computers reach it on 0.0.0.0, with its token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="HILLOTYPE_TOKEN",
            help="What requests must carry; drawn at random where other computers reach it.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Pictures at the same time; others wait.")] = 2,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1, help="Refuse pictures of more pixels than this (178 million by default).", show_default=False
        ),
    ] = None,
    runs: Annotated[
        Path, typer.Option(metavar="DIR", help="The run folders that the laboratory shows.", readable=False)
    ] = Path("runs"),
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|ZIP",
            exists=True,
            resolve_path=True,
            help="Pictures that the laboratory may train a recipe on, in place of the recipe's own.",
            show_default=False,
        ),
    ] = None,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse files of more bytes than this.")] = 500_000_000,
) -> None:
    """Open the studio: a page to drop pictures and films on, see them restored, give them colors, compare and save.

    **Example:** `hillotype studio --open`

    It runs on this computer until Ctrl-C; nothing is sent elsewhere or loaded from elsewhere. Pictures lie in a
    temporary folder that is removed. Programs use its REST API: see docs/studio.md.

    Where the train extra is installed, its laboratory shows runs while they train, starts recipes (of the
    folder recipes here, of the package and its studies), and explores codes.
    """
    with needs_extra("studio", "the studio needs more than restoring files"):
        from hillotype.pictures import DEFAULT_MAX_PIXELS
        from hillotype.studio import Limits, make_app
        from hillotype.studio.guard import is_local
        from hillotype.studio.serve import listen, serve

    if token is None and not is_local(host):
        import secrets

        token = secrets.token_urlsafe(24)
    limits = Limits(jobs=jobs, bytes=max_bytes, pixels=max_pixels or DEFAULT_MAX_PIXELS)
    listening = listen(host, port)
    address = _address(host, listening.getsockname()[1], token)
    typer.echo(f"the studio is at {address}  (Ctrl-C ends it)")
    if browser:
        import webbrowser

        webbrowser.open(address)
    serve(make_app(limits, host=host, token=token, runs=runs, data=data), listening, typer.echo)


def _address(host: str, port: int, token: str | None) -> str:
    """The page's address, by which it is opened on this computer or on others."""
    name = _own_address() if host in ("0.0.0.0", "::", "") else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def _own_address() -> str:
    """The address that others in the network know this computer by; its name if it is in none."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it only chooses the way there
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
