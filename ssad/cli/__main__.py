"""`python -m ssad.cli` is `ssad`."""

import sys

from ssad.cli.main import main

sys.exit(main())
