"""Ordinary Python in, native derivative out."""
