"""`python -m router.cli`: the same as the command `slm-router`."""

import sys

from router.cli import main

if __name__ == "__main__":
    sys.exit(main())
