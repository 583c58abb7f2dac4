"""The tests of ssad."""
