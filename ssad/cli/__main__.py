"""`python -m ssad.cli` is `ssad`."""

import sys

from ssad.cli.command import main

sys.exit(main())
