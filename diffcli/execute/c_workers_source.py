"""Threads that share the points of a compiled loop, as C.

Each has a range of its own and takes part after part of it; who is done helps the others. Nobody waits for a lock: who
finds the threads busy computes alone. The text is the same for all programs.
"""

from diffcli.execute.workers import MOST

SPUN = 50_000
"""Nanoseconds for which a thread waits awake."""
SETTLED = 1_000_000
"""Nanoseconds for which threads stay on their cores at least."""
THREADED = 6_000
"""Nanoseconds of work from which on a second thread pays, …"""
WAKING = 60_000
"""… if it does not sleep or batches follow each other; else so many."""
PARTS, SHORTEST = 8, 1_000
"""Each thread's range has so many parts, of as many nanoseconds of work at least."""

TEXT = (
    """\
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

typedef void loop(long long begin, long long end, const double *const *x, double *const *y, const double *c);
"""
    f"enum {{ MOST = {MOST}, PARTS = {PARTS}, SHORTEST = {SHORTEST} }};\n"
    f"enum {{ SPUN = {SPUN}, SETTLED = {SETTLED}, THREADED = {THREADED}, WAKING = {WAKING} }};"
    """
#define APART _Alignas(64)

static struct {
    loop *run;
    const double *const *x;
    double *const *y;
    const double *c;
    long long size;
    int ranges, is_backward;
} job;
static struct { APART atomic_int taken; int parts; long long begin, end; } range[MOST];

static APART atomic_int busy;     /* somebody has a job */
static APART atomic_int seats;    /* how many may still join it */
static APART atomic_int inside;   /* how many look at it */
static APART atomic_int sleepers;
static APART atomic_int is_late;  /* whoever has the job sleeps until nobody is inside */
static atomic_llong ended;        /* when the last job did */
static atomic_int workers;
static pthread_t worker[MOST];
static int placed, avoided;       /* so many workers are kept off this core */
static long long since;           /* and have been since then */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER, left = PTHREAD_COND_INITIALIZER;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void pause_a_little(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Wait awake until a number is positive or not, as wanted; 0 if that takes too long. While it waits for a job a thread
   gives way to whoever needs its core: on a busy machine that may be the one who has the job. */
static int comes(atomic_int *number, int positive)
{
    const long long end = now() + SPUN;
    for (int k = 1; (atomic_load(number) > 0) != positive; k++) {
        pause_a_little();
        if (k % 16) continue;
        if (now() > end) return 0;
        if (positive) sched_yield();
    }
    return 1;
}

/* Part after part: first of one's own range, then of the others'. */
static void take_parts(int seat)
{
    for (int k = 0; k < job.ranges; k++) {
        const int own = (seat + k) % job.ranges, parts = range[own].parts;
        for (int part; (part = atomic_fetch_add(&range[own].taken, 1)) < parts;) {
            const long long begin = range[own].begin + (job.is_backward ? parts - 1 - part : part) * job.size;
            const long long end = begin + job.size < range[own].end ? begin + job.size : range[own].end;
            job.run(begin, end, job.x, job.y, job.c);
        }
    }
}

/* Whoever is inside finds the job unchanged: it ends when there are no seats and nobody is inside. */
static void join(void)
{
    int seat;
    atomic_fetch_add(&inside, 1);
    seat = atomic_load(&seats);
    while (seat > 0 && !atomic_compare_exchange_weak(&seats, &seat, seat - 1)) continue;
    if (seat > 0) take_parts(seat);
    if (atomic_fetch_sub(&inside, 1) == 1 && atomic_load(&is_late)) {
        pthread_mutex_lock(&lock);
        pthread_cond_signal(&left);
        pthread_mutex_unlock(&lock);
    }
}

static void *serve(void *unused)
{
    for (;;) {
        if (comes(&seats, 1)) {
            join();
            continue;
        }
        pthread_mutex_lock(&lock);
        atomic_fetch_add(&sleepers, 1);
        if (atomic_load(&seats) == 0) pthread_cond_wait(&called, &lock);
        atomic_fetch_sub(&sleepers, 1);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

/* A child of this process has none of its threads. */
static void forget(void)
{
    workers = placed = 0;
    busy = seats = inside = sleepers = is_late = 0;
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    called = left = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
}

/* Have so many workers, or as many as the system gives; signals are for other threads. */
static void start(int wanted)
{
    static int is_prepared;
    sigset_t all, before;
    if (workers >= wanted) return;
    if (!is_prepared && pthread_atfork(0, 0, forget)) return;
    is_prepared = 1;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before)) return;
    while (workers < wanted && !pthread_create(&worker[workers], 0, serve, 0)) pthread_detach(worker[workers++]);
    pthread_sigmask(SIG_SETMASK, &before, 0);
}

/* Systems like to wake a thread on the core of whoever wakes it, where it waits for milliseconds while others are idle.
   So that core is taken from the workers, if enough remain; again when their caller has moved, but not all the time. */
static void place(int wanted)
{
#ifdef __linux__
    const int own = sched_getcpu();
    cpu_set_t others;
    if (placed == workers && (own == avoided || now() - since < SETTLED)) return;
    if (own < 0 || own >= CPU_SETSIZE || sched_getaffinity(0, sizeof others, &others)) return;
    CPU_CLR(own, &others);
    if (CPU_COUNT(&others) < wanted) return;
    for (int k = 0; k < workers; k++) pthread_setaffinity_np(worker[k], sizeof others, &others);
    placed = workers, avoided = own, since = now();
#else
    (void)wanted;
#endif
}

static void call(int wanted)
{
    const int asleep = atomic_load(&sleepers), missing = wanted - (workers - asleep);
    if (asleep == 0 || missing <= 0) return;
    pthread_mutex_lock(&lock);
    for (int k = 0; k < missing; k++) pthread_cond_signal(&called);
    pthread_mutex_unlock(&lock);
}

static void wait_for_others(void)
{
    if (comes(&inside, 0)) return;
    atomic_store(&is_late, 1);
    pthread_mutex_lock(&lock);
    while (atomic_load(&inside) > 0) pthread_cond_wait(&left, &lock);
    pthread_mutex_unlock(&lock);
    atomic_store(&is_late, 0);
}

static int cores(void)
{
#ifdef __linux__
    cpu_set_t own;
    if (sched_getaffinity(0, sizeof own, &own) == 0) return CPU_COUNT(&own);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* How many threads pay for so many nanoseconds of work: waking them is for long work, and for the first of many. */
static int advised(double work)
{
    if (work < THREADED) return 1;
    if (work < WAKING && workers == atomic_load(&sleepers) && now() - atomic_load(&ended) > SPUN) return 1;
    return cores();
}

/* Every second job goes from the last part to the first, which the one before has left in the cache. */
static void divide(long long begin, long long end, double cost, int ranges)
{
    const long long each = (end - begin + 8LL * ranges - 1) / (8LL * ranges) * 8;
    const long long shortest = (long long)(SHORTEST / cost) / 8 * 8 + 8;
    job.size = (each + 8 * PARTS - 1) / (8 * PARTS) * 8;
    if (job.size < shortest) job.size = shortest;
    job.ranges = ranges;
    job.is_backward = !job.is_backward;
    for (int k = 0; k < ranges; k++, begin += each) {
        const long long stop = begin + each < end ? begin + each : end;
        range[k].begin = begin, range[k].end = stop;
        range[k].parts = stop > begin ? (int)((stop - begin + job.size - 1) / job.size) : 0;
        atomic_store(&range[k].taken, 0);
    }
}

/* The points from one to another, each taking so many nanoseconds, in so many threads, this one included; with 0 in as
   many as pay. Where others have a job, this one does all. */
void share(loop *run, long long begin, long long end, double cost, int threads, const double *const *x,
           double *const *y, const double *c)
{
    const double work = (end - begin) * cost;
    const int wanted = threads ? threads : advised(work), ranges = wanted < MOST ? wanted : MOST;
    if (ranges < 2 || atomic_exchange(&busy, 1))
        run(begin, end, x, y, c);
    else {
        start(ranges - 1);
        place(ranges - 1);
        job.run = run, job.x = x, job.y = y, job.c = c;
        divide(begin, end, cost, ranges);
        atomic_store(&seats, ranges - 1);
        call(ranges - 1);
        take_parts(0);
        atomic_store(&seats, 0);
        wait_for_others();
        atomic_store(&busy, 0);
    }
    if (work >= THREADED) atomic_store(&ended, now());
}
"""
)
"""A library with the function `share`."""
