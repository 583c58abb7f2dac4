"""The command `ssad`: one file a verb."""
