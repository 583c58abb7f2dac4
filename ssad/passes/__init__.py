"""Passes: one a file, valid IR in, valid IR out."""
