"""`python -m ssad`: the same as the command `ssad`."""

from ssad.cli import main

if __name__ == "__main__":
    main()
