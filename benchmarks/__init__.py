"""Timings of compiled gradients against adjoints written by hand in C."""
