"""The command line: one module a group of commands, whose heavy imports stand inside the commands."""

from hillotype.cli.app import main

__all__ = ["main"]
