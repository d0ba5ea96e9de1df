"""Batches touch no memory but their own: when they are interrupted, by what is given as `out`, in many threads."""

import signal
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from test_executors import needs_compiler

import diffcli
from diffcli.errors import UsageError
from diffcli.execute import results, workers

COUNTS = (7, 9000)


def test_who_is_interrupted_waits_for_the_other_threads():
    parts, main = deque(range(2)), threading.current_thread()
    begun, go_on, finished = threading.Event(), threading.Event(), threading.Event()

    def work():
        parts.popleft()
        if threading.current_thread() is main:
            assert begun.wait(10)
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt
        begun.set()
        assert go_on.wait(10)
        finished.set()

    with pytest.raises(KeyboardInterrupt):
        workers.share(work, parts, 2)
    assert finished.is_set()


INTERRUPTED = """
import signal
import numpy as np
import diffcli

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
function = diffcli.value_and_grad("x^1.3*y + gamma(x)*lgamma(y)", executor="c")
function.batch(np.ones(9), np.ones(9))
for number in range(8):
    x, y = np.full(1_000_000, 1.5), np.full(1_000_000, 2.5)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002 + 0.004 * number)
        function.batch(x, y, threads=4)
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    del x, y
print("alive")
"""


@needs_compiler
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
def test_an_interrupted_program_in_c_reads_no_memory_that_was_freed():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("executor", ["numpy", None])
def test_out_may_be_columns_of_a_table(count, executor):
    """They lie between each other, and share nothing."""
    x = np.linspace(1, 2, count)
    table = np.empty((count, 3))
    table[:, 0] = x
    function = diffcli.value_and_grad("x^3", executor=executor)
    function.batch(table[:, 0], out=(table[:, 1], (table[:, 2],)))
    np.testing.assert_allclose(table, np.stack([x, x**3, 3 * x**2], axis=1), rtol=1e-14)
    with pytest.raises(UsageError, match="shares its memory"):
        function.batch(table[1:, 0], out=(table[:-1, 0], (table[:-1, 2],)))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("strides", [(0,), (4,)])
def test_out_that_overlaps_itself_is_refused(count, strides):
    x = np.ones(count)
    overlapping = np.lib.stride_tricks.as_strided(np.empty(count + 1), (count,), strides)
    function = diffcli.value_and_grad("x^2", executor="numpy")
    with pytest.raises(UsageError, match="overlaps itself"):
        function.batch(x, out=(np.empty(count), (overlapping,)))


def test_out_may_be_transposed_or_reversed():
    x = np.arange(24.0).reshape(2, 3, 4)
    values, slopes = np.empty((4, 3, 2)).T, np.empty((2, 3, 4))[::-1, :, ::-1]
    diffcli.value_and_grad("x^2").batch(x, out=(values, (slopes,)))
    np.testing.assert_array_equal(values, x * x)
    np.testing.assert_array_equal(slopes, 2 * x)


def test_masked_arrays_are_no_out():
    masked = np.ma.array(np.empty(3), mask=[True, False, False])
    with pytest.raises(UsageError, match="masked"):
        diffcli.value_and_grad("x^2").batch(np.ones(3), out=(np.empty(3), (masked,)))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("threads", [0, -1, 2.5, "2"])
def test_numbers_of_threads_that_make_no_sense(count, threads):
    function = diffcli.value_and_grad("x^2")
    for _ in range(2):
        with pytest.raises(UsageError, match="threads is a whole number from 1"):
            function.batch(np.ones(count), threads=threads)


@pytest.mark.parametrize("text", ["x^2", "sum(x*x)"])
def test_numbers_of_threads_are_looked_at_for_every_text(text):
    function, points = diffcli.value_and_grad(text), np.ones((4, 3)) if "sum" in text else np.ones(4)
    assert function.batch(points, threads=np.int64(2))[0].shape == (4,)
    for wrong in (0, 1.5):
        with pytest.raises(UsageError, match="threads is a whole number from 1"):
            function.batch(points, threads=wrong)


def test_threads_stay_few():
    before = threading.active_count()
    x, function = np.ones(3_000_000), diffcli.value_and_grad("x^2", executor="numpy")
    for threads in (2, 3, 5, 10**6):
        function.batch(x, threads=threads)
    assert threading.active_count() - before <= workers.MOST


def test_memory_of_results_in_a_finalizer_or_a_child_of_a_busy_process():
    """Whoever comes while the memory is looked through gets new arrays, and waits for nobody."""
    kept = results.Results(2)
    with ThreadPoolExecutor(1) as pool, kept._lock:
        assert len(pool.submit(kept.arrays, (20_000,)).result(timeout=10)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda owner: setattr(owner, "shape", (2, -1)),
        lambda owner: setattr(owner, "dtype", np.float32),
        lambda owner: owner.setflags(write=False),
    ],
)
@pytest.mark.parametrize("executor", ["numpy", pytest.param("c", marks=needs_compiler)])
def test_what_is_done_to_the_owner_of_a_result_ends_with_the_result(change, executor):
    x, run = np.linspace(1, 2, 20_000), diffcli.value_and_grad("x^2", executor=executor)
    value, (slope,) = run.batch(x)
    change(value.base)
    del value, slope
    value, (slope,) = run.batch(x)
    for found, expected in ((value, x * x), (slope, 2 * x)):
        assert (found.shape, found.dtype, found.flags.writeable) == (x.shape, np.float64, True)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("executor", ["numpy", pytest.param("c", marks=needs_compiler)])
def test_out_may_be_read_only_once(step, executor):
    x, run = np.linspace(1, 2, 50)[::step], diffcli.value_and_grad("x*y", executor=executor)
    for _ in range(2):  # the first run compiles
        out = np.empty((3, 50))
        value, partials = run.batch(x, x, out=(out[0], iter(out[1:])))
        assert len(partials) == 2
        np.testing.assert_array_equal(value, x * x)
        np.testing.assert_array_equal(partials, [x, x])


def test_no_module_is_imported_in_the_middle_of_a_batch():
    """A child of a process that is just importing something would wait for it for ever."""
    program = (
        "import sys, numpy as np, diffcli; x = np.linspace(1, 2, 30)\n"
        "run = diffcli.value_and_grad('x^2', executor='numpy'); run.batch(x)\n"
        "known = set(sys.modules); run.batch(x[::2], threads=2); run.batch(x, out=(x[::-1].copy(), (x.copy(),)))\n"
        "run.batch(x[::2], out=(x[:15].copy(), (x[:15].copy(),)))\n"
        "print(sorted(set(sys.modules) - known), 'numpy.ma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[] False", done.stderr
