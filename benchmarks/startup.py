"""Start-up of the command line as ratios of whole processes, measured side by side in one run.

    python benchmarks/startup.py [RUNS]

Each pair is run in turn, A B A B …; printed are the median ratio A/B with its range, and the limit it is held to.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELP_APP = """
import typer
app = typer.Typer()

@app.command()
def one(x: str, n: int = 1) -> None:
    "The first command."

@app.command()
def two(x: str, n: int = 1) -> None:
    "The second command."

app()
"""
TABLE_APP = """
import typer
app = typer.Typer()

@app.command()
def one(x: str, n: int = 1) -> None:
    "The first command."
    from rich.console import Console
    from rich.table import Table
    table = Table("name", "value")
    for k in range(10):
        table.add_row(f"v{k}", str(k))
    Console().print(table)

@app.command()
def two(x: str, n: int = 1) -> None:
    "The second command."

app()
"""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as after any installation; the first, uncounted run of each command writes them."""
EXPRESSION = ["ln(x1) + x1*x2 - sin(x2)", "--at", "x1=2,x2=5"]


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print all pairs."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory() as folder:
        help_app, table_app = Path(folder, "help_app.py"), Path(folder, "table_app.py")
        help_app.write_text(HELP_APP)
        table_app.write_text(TABLE_APP)
        python, diffcli = sys.executable, [str(Path(sys.executable).with_name("diffcli"))]
        three = ["--methods", "finite,forward,reverse"]
        pairs = [
            ("--help", [*diffcli, "--help"], "help of a two-command app", [python, str(help_app), "--help"], 1.3),
            ("trace", [*diffcli, "trace", *EXPRESSION], "that app printing a table", [python, str(table_app), "one", "x"], 1.5),
            ("grad, three methods", [*diffcli, "grad", *EXPRESSION, *three], "that app printing a table", [python, str(table_app), "one", "x"], 1.8),
            ("grad", [*diffcli, "grad", *EXPRESSION], "import sympy, typer, rich.table", [python, "-c", "import sympy, typer, rich.table"], 1.3),
        ]  # fmt: skip
        print("| diffcli | against | median ratio | range | limit |")
        print("| --- | --- | ---: | ---: | ---: |")
        for name, ours, other_name, other, limit in pairs:
            seconds(ours), seconds(other)  # warm the file cache
            ratios = sorted(seconds(ours) / seconds(other) for _ in range(runs))
            median = statistics.median(ratios)
            print(f"| {name} | {other_name} | {median:.2f} | {ratios[0]:.2f} … {ratios[-1]:.2f} | {limit} |")


if __name__ == "__main__":
    main()
