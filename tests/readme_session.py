"""A Python session as a document shows it: each statement on standard input behind >>>, then what it prints."""

import doctest
import sys


def main() -> None:
    """Run the statements in turn, like someone at the prompt."""
    namespace: dict[str, object] = {}
    for example in doctest.DocTestParser().get_examples(sys.stdin.read()):
        first, *more = example.source.splitlines()
        sys.stdout.write("\n".join([f">>> {first}", *(f"... {line}" for line in more), ""]))
        exec(compile(example.source, "<session>", "single"), namespace)


if __name__ == "__main__":
    main()
