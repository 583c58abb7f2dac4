"""Passes: one file each, `ssad/passes/NAME.py`, found by name through `ssad.passes.manager`."""
