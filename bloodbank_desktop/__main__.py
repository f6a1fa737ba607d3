"""`python -m bloodbank_desktop`: without a word the program, with a word the command line."""

import sys

from bloodbank_desktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
