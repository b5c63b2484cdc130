"""``python -m textvec`` is the command ``textvec``."""

from textvec.cli import main

if __name__ == "__main__":
    main()
