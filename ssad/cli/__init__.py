"""The command `ssad`: one file a verb."""

from ssad.cli.main import main

__all__ = ["main"]
