"""A training that is killed again and again ends at the numbers of one that nobody disturbed, bit for bit.

    python tests/kill_training.py 20

kills it twenty times at random moments; the tests do it three times.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

NETWORK = ("mlp:16:relu", "--data", "digits", "--batch", "64", "--dropout", "0.2", "--l2", "1e-3", "--patience", "0")
LONGEST = 0.2
"""Seconds that a process lives at most behind its first writing."""
PATIENCE = 60.0


def command(path: Path, epochs: int, seconds: float) -> list[str]:
    """The training, written down every so often."""
    checkpoint = ["--checkpoint", str(path), "--checkpoint-seconds", str(seconds)]
    return [sys.executable, "-m", "diffcli", "train", *NETWORK, "--epochs", str(epochs), *checkpoint, "-f", "json"]


def undisturbed(path: Path, epochs: int) -> None:
    """From the first step to the last."""
    subprocess.run(command(path, epochs, 1e6), check=True, capture_output=True, timeout=PATIENCE)


def killed(path: Path, epochs: int, kills: int, seed: int) -> list[int]:
    """Killed so often at random moments, then finished; the optimizer's steps at which it was killed."""
    chance, steps = random.Random(seed), []
    for _ in range(kills):
        before = _stamp(path)
        with subprocess.Popen(
            command(path, epochs, 0.0), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            deadline = time.monotonic() + PATIENCE
            while _stamp(path) == before and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, LONGEST))
            assert process.poll() is None, "it was done before it could be killed: give it more epochs"
            process.kill()
        with np.load(path) as arrays:  # it is whole
            steps.append(int(arrays["curves"].shape[0]))
    subprocess.run(command(path, epochs, 1e6), check=True, capture_output=True, timeout=PATIENCE)
    return steps


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def differences(first: Path, second: Path) -> list[str]:
    """The names of all that is not the same to the last bit."""
    with np.load(first) as a, np.load(second) as b:
        names = sorted({*a.files, *b.files})
        return [
            n for n in names if n not in a or n not in b or a[n].dtype != b[n].dtype or a[n].tobytes() != b[n].tobytes()
        ]


def main(kills: int) -> int:
    """Kill, finish, compare."""
    epochs = 15 + 12 * kills
    with TemporaryDirectory() as folder:
        first, second = Path(folder, "undisturbed.npz"), Path(folder, "killed.npz")
        undisturbed(first, epochs)
        steps = killed(second, epochs, kills, seed=int.from_bytes(os.urandom(4), "big"))
        found = differences(first, second)
        leftovers = [entry.name for entry in Path(folder).iterdir() if entry not in (first, second)]
    print(  # noqa: T201 - a script of its own
        f"killed {kills} times, in the epochs {steps}, of {epochs}; different: {found or 'nothing'}; left: {leftovers}"
    )
    return int(bool(found or leftovers))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
