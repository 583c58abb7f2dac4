"""Plain Python functions to be differentiated, one file a theme, each with its arguments."""
