"""How many threads matrix products run on."""

import os
import sys

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def limit_threads(count: int) -> None:
    """Small products are quicker on one thread, and the same on any machine; read where NumPy is loaded first."""
    if "numpy" not in sys.modules:
        os.environ.update(dict.fromkeys(THREADS, str(count)))
