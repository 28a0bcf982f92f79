"""`python -m benchmarks [NAME…]`: run these, or all, and say what falls short."""

import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """Every benchmark: `some_thing.py` is `some-thing`."""
    return sorted(path.stem.replace("_", "-") for path in Path(__file__).parent.glob("[!_]*.py"))


def main(wanted: list[str]) -> int:
    """Run the wanted ones, or all; 1 if a figure falls short, 2 for a name that does not exist."""
    for name in wanted:
        if name not in names():
            print(f"There is no benchmark called {name}: {', '.join(names())}", file=sys.stderr)
            return 2
    short = False
    for name in wanted or names():
        for result in import_module(f"benchmarks.{name.replace('-', '_')}").run():
            print(result, flush=True)
            short = short or not result.ok
    return int(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
