"""`python -m reeljudge`: the command line, for launchers such as torchrun that start a module."""

from reeljudge.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
