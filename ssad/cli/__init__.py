"""The command `ssad`: one file a verb."""

from ssad.cli.command import main

__all__ = ["main"]
