"""Threads of C: every point once, whoever comes, whatever the process does; and what happens where there are none."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from test_executors import needs_compiler

import diffcli
from diffcli.execute import c_workers
from diffcli.execute.c_source import HEAD
from diffcli.execute.c_vectors import toolchain

COUNTING = f"""{HEAD}
#include <stdatomic.h>
#include <unistd.h>
static atomic_int inside, most;
void counting(long long begin, long long end, const double *const *x, double *const *y, const double *c)
{{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    (void)x;
    if (now > atomic_load(&most)) atomic_store(&most, now);
    if (c) usleep((unsigned)c[0]);
    for (long long i = begin; i < end; i++) y[0][i] += 1.0;
    atomic_fetch_sub(&inside, 1);
}}
int together(void)
{{
    return atomic_exchange(&most, 0);
}}
"""
"""A loop that counts how often each point is computed, waits if it is told to, and how many run at once."""

pytestmark = needs_compiler


@pytest.fixture(scope="module")
def counting():
    library = toolchain().library(COUNTING)
    library.counting.argtypes = [ctypes.c_longlong, ctypes.c_longlong, *[ctypes.c_void_p] * 3]
    library.counting.restype = None
    return library


def run(library, total, threads, cost=100.0, wait=None):
    """How often each point was computed."""
    found = np.zeros(total)
    places = (ctypes.c_void_p * 1)(found.ctypes.data)
    numbers = None if wait is None else (ctypes.c_double * 1)(wait)
    c_workers.run(toolchain(), library.counting, total, cost, (None, places, numbers), threads)
    return found


@pytest.mark.parametrize("total", [1, 7, 8, 9, 63, 1000, 4097, 100_003])
@pytest.mark.parametrize("threads", [None, 1, 2, 3, 64, 10**6])
@pytest.mark.parametrize("cost", [0.01, 1.0, 1e4])
def test_every_point_is_computed_once(counting, total, threads, cost):
    np.testing.assert_array_equal(run(counting, total, threads, cost), 1.0)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_no_more_threads_than_asked_for(counting, threads):
    run(counting, 10_000, 4)
    counting.together()
    run(counting, 10_000, threads, wait=300)
    assert counting.together() <= threads


def test_two_threads_are_at_work_at_once(counting):
    """In one of several runs: on a busy machine a thread may wake when all is done."""
    counting.together()
    for _ in range(20):
        run(counting, 10_000, 2, wait=1000)
        found = counting.together()
        if found == 2:
            break
    assert found == 2


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the cores of a thread cannot be chosen")
def test_as_many_as_there_are_cores(counting):
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(own)})
        counting.together()
        run(counting, 100_000, None, wait=1)
        assert counting.together() == 1
    finally:
        os.sched_setaffinity(0, own)


def test_many_callers_at_once(counting):
    """Whoever finds the threads busy computes alone."""
    wrong = []

    def call():
        wrong.extend(total for total in range(2000, 2200) if np.any(run(counting, total, 3) != 1))

    callers = [threading.Thread(target=call) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert not any(caller.is_alive() for caller in callers)
    assert wrong == []


def test_asleep_and_awake_in_every_order(counting):
    """Batches that come just when a thread falls asleep are neither lost nor computed twice."""
    for number in range(300):
        np.testing.assert_array_equal(run(counting, 3000, 2), 1.0)
        end = time.perf_counter() + number % 60 * 2e-6
        while time.perf_counter() < end:
            pass


FORKED = """
import os, sys, threading, time
import numpy as np
import diffcli

x, y = np.linspace(1, 2, 200_000), np.linspace(2, 3, 200_000)
function = diffcli.value_and_grad("x*y + sin(x)", executor="c")

def is_right():
    value, (slope, _) = function.batch(x, y, threads=3)
    return bool(np.allclose(value, x * y + np.sin(x)) and np.allclose(slope, y + np.cos(x)))

assert is_right()
stop = threading.Event()
def work():
    while not stop.is_set():
        is_right()
busy = threading.Thread(target=work)
busy.start()
failed = 0
for number in range(10):
    child = os.fork()
    if not child:
        os._exit(0 if is_right() and is_right() else 1)
    failed += os.waitpid(child, 0)[1] != 0
stop.set()
busy.join()
assert is_right()
print("failed:", failed)
"""


def python(text):
    command = [sys.executable, "-W", "ignore", "-c", text]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_children_start_threads_of_their_own():
    """Also when the parent is forked in the middle of a batch."""
    done = python(FORKED)
    assert (done.returncode, done.stdout.strip()) == (0, "failed: 0"), done.stderr


EXITING = """
import threading, time
import numpy as np
import diffcli
x, function = np.linspace(1, 2, 3_000_000), diffcli.value_and_grad("sin(x)*exp(x)", executor="c")
function.batch(x, threads=4)
def work():
    while True:
        function.batch(x, threads=4)
threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("the end")
"""


def test_a_process_ends_while_its_threads_work():
    start = time.monotonic()
    done = python(EXITING)
    assert (done.returncode, done.stdout.strip()) == (0, "the end"), done.stderr
    assert time.monotonic() - start < 30


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
@pytest.mark.parametrize("threads", [1, 2])
def test_long_work_is_interrupted(counting, threads):
    """After one round; this one would take a minute."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            run(counting, 60_000 * threads, threads, cost=1e6, wait=10_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 10


def test_idle_threads_take_no_time(counting):
    for _ in range(50):
        run(counting, 10_000, 3)
    time.sleep(0.02)
    before = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - before < 0.05


def test_without_threads_of_c(counting, monkeypatch):
    """Python's are there."""
    monkeypatch.setattr(c_workers, "team", lambda _: None)
    for threads in (None, 1, 2, 3):
        np.testing.assert_array_equal(run(counting, 40_001, threads), 1.0)
    counting.together()
    run(counting, 40_001, 2, wait=20_000)
    assert counting.together() == 2


def test_a_text_that_cannot_be_compiled_means_no_threads(monkeypatch):
    monkeypatch.setattr(c_workers, "TEXT", "#error no threads here")
    assert c_workers.team.__wrapped__(toolchain()) is None


def test_batches_use_them(monkeypatch):
    x, seen = np.linspace(1, 2, 300_000), []
    function = diffcli.value_and_grad("sin(x)*exp(x)", executor="c")
    team = c_workers.team(toolchain())

    def watched(*args):
        seen.append(args[4])
        team(*args)

    monkeypatch.setattr(c_workers, "team", lambda _: watched)
    value, (slope,) = function.batch(x, threads=2)
    np.testing.assert_allclose(value, np.sin(x) * np.exp(x), rtol=1e-14)
    np.testing.assert_allclose(slope, (np.sin(x) + np.cos(x)) * np.exp(x), rtol=1e-13)
    assert seen == [2]
