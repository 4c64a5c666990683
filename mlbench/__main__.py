"""`python -m mlbench`, and the command `mlbench`."""

import sys


def main() -> None:
    """The commands; Ctrl-C ends them quietly from the first moment on, while they are only being loaded."""
    try:
        from mlbench.cli import main as commands

        commands()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
