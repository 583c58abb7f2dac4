"""Passes that refine what `ssad.ad` emits, until no `recall` is left."""
