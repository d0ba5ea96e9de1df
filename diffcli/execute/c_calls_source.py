"""The functions that Python's interpreter calls by itself to run a compiled program, as C.

They read numbers and arrays where they lie in memory and use a few functions of Python's C interface, which are handed
over when the library is loaded: no headers are needed, and nothing is linked. The text is the same for all programs.
"""

FEW = 8_192
"""Points up to which new arrays are as good as kept ones, and other threads of Python wait."""
API = {
    "PyFloat_FromDouble": "object *(*number)(double)",
    "PyLong_FromLongLong": "object *(*integer)(long long)",
    "PyBool_FromLong": "object *(*truth)(long)",
    "PyTuple_New": "object *(*tuple)(long long)",
    "PyTuple_SetItem": "int (*set_item)(object *, long long, object *)",
    "PyTuple_GetItem": "object *(*get_item)(object *, long long)",
    "PyObject_Vectorcall": "object *(*call)(object *, object *const *, size_t, object *)",
    "PyCFunction_NewEx": "object *(*function)(const struct method *, object *, object *)",
    "PyCapsule_New": "object *(*capsule)(void *, const char *, void (*)(object *))",
    "PyCapsule_GetPointer": "void *(*pointer)(object *, const char *)",
    "Py_IncRef": "void (*incref)(object *)",
    "Py_DecRef": "void (*decref)(object *)",
    "PyEval_SaveThread": "void *(*save_thread)(void)",
    "PyEval_RestoreThread": "void (*restore_thread)(void *)",
}
"""The functions of Python's C interface, and what C calls them."""

OBJECTS = """\
#include <stddef.h>
#include <stdlib.h>

typedef struct { long long count; const void *type; } object;
typedef struct { object head; double value; } number;
typedef struct {
    object head;
    double *data;
    int axes;
    long long *dimensions, *strides;
    void *base;
    const void *dtype;
    int flags;
} array;
enum { WRITEABLE = 0x400 };
struct method { const char *name; void *function; int kind; const char *text; };

typedef void loop(long long begin, long long end, const double *const *x, double *const *y, const double *c);
typedef void sharing(loop *run, long long begin, long long end, double cost, int threads, const double *const *x,
                     double *const *y, const double *c);
struct task {
    loop *run;
    object *other;
    long long inputs, outputs, most;
    double cost;
};
"""
"""The public beginnings of Python's floats and NumPy's arrays (`c_calls.are_known` looks whether they are so here), and
what is to be done: a program for arrays only, what takes or makes objects beside it, how many points are computed at
most, and how many nanoseconds one takes."""

FUNCTIONS = """\

/* The first result and a tuple of the others; it takes over the references, and is 0 where a result is. */
static object *pair(object *const *results, long long count)
{
    object *others = python.tuple(count - 1), *both = python.tuple(2);
    int is_whole = others && both;
    for (long long k = 0; k < count; k++) is_whole = is_whole && results[k];
    if (!is_whole) {
        for (long long k = 0; k < count; k++) python.decref(results[k]);
        python.decref(others);
        python.decref(both);
        return 0;
    }
    for (long long k = 1; k < count; k++) python.set_item(others, k - 1, results[k]);
    python.set_item(both, 0, results[0]);
    python.set_item(both, 1, others);
    return both;
}

/* Floats to a pair of floats; what is anything else goes to another function. */
static object *one(object *self, object *const *args, long long count, object *names)
{
    const struct task *task = python.pointer(self, TASK);
    int is_ours = count == task->inputs && !names;
    for (long long k = 0; is_ours && k < count; k++) is_ours = args[k]->type == python.of_float;
    if (!is_ours) return python.call(task->other, args, count, names);
    const double *x[count];
    double values[task->outputs], *y[task->outputs];
    object *results[task->outputs];
    for (long long k = 0; k < count; k++) x[k] = &((const number *)args[k])->value;
    for (long long k = 0; k < task->outputs; k++) y[k] = values + k;
    task->run(0, 1, x, y, 0);
    for (long long k = 0; k < task->outputs; k++) results[k] = python.number(values[k]);
    return pair(results, task->outputs);
}

static int is_plain(const array *x)
{
    return x->head.type == python.of_array && x->dtype == python.double_precision && x->axes == 1
        && x->strides[0] == sizeof(double) && (size_t)x->data % sizeof(double) == 0;
}

static long long size_of(const object *one) { return ((const array *)one)->dimensions[0]; }

static int are_plain(object *const *args, long long count, const object *first)
{
    for (long long k = 0; k < count; k++)
        if (!is_plain((const array *)args[k]) || size_of(args[k]) != size_of(first)) return 0;
    return 1;
}

static double *data_of(const object *x) { return ((const array *)x)->data; }

/* Other threads of Python go on where it takes long. */
static void run_at(const struct task *task, long long size, const double *const *x, double *const *y)
{
    void *thread = size > FEW ? python.save_thread() : 0;
    if (share) share(task->run, 0, size, task->cost, 0, x, y, 0);
    else task->run(0, size, x, y, 0);
    if (thread) python.restore_thread(thread);
}

/* New arrays, or 0 from the first one on that there is no memory for; large ones come from earlier results. */
static void allocate(const struct task *task, long long size, object **results)
{
    object *length = python.integer(size);
    object *kept = length && size > FEW ? python.call(task->other, &length, 1, 0) : 0;
    int is_there = length && (kept || size <= FEW);
    for (long long k = 0; k < task->outputs; k++) {
        results[k] = !is_there ? 0 : kept ? python.get_item(kept, k) : python.call(python.empty, &length, 1, 0);
        if (kept && results[k]) python.incref(results[k]);
        is_there = is_there && results[k];
    }
    python.decref(kept);
    python.decref(length);
}

static object *nothing(void)
{
    python.incref(python.none);
    return python.none;
}

/* Plain arrays to a pair of new ones, or None. */
static object *many(object *self, object *const *args, long long count)
{
    const struct task *task = python.pointer(self, TASK);
    const long long size = count == task->inputs && are_plain(args, count, args[0]) ? size_of(args[0]) : -1;
    if (size < 0 || size > task->most) return nothing();
    object *results[task->outputs];
    const double *x[count];
    double *y[task->outputs];
    allocate(task, size, results);
    if (results[task->outputs - 1]) {
        /* Python has run meanwhile, and others may have made the results. */
        const int is_same = are_plain(args, count, args[0]) && size_of(args[0]) == size;
        if (!is_same || !are_plain(results, task->outputs, args[0])) {
            for (long long k = 0; k < task->outputs; k++) python.decref(results[k]);
            return nothing();
        }
        for (long long k = 0; k < count; k++) x[k] = data_of(args[k]);
        for (long long k = 0; k < task->outputs; k++) y[k] = data_of(results[k]);
        run_at(task, size, x, y);
    }
    return pair(results, task->outputs);
}

static int are_apart(object *const *args, long long inputs, long long count)
{
    for (long long k = inputs; k < count; k++) {
        const double *begin = data_of(args[k]), *end = begin + size_of(args[k]);
        if (!(((const array *)args[k])->flags & WRITEABLE)) return 0;
        for (long long other = 0; other < k; other++) {
            const double *x = data_of(args[other]);
            if (x < end && begin < x + size_of(args[other])) return 0;
        }
    }
    return 1;
}

/* Whether the last arrays could be filled, with the results for the first ones. */
static object *fill(object *self, object *const *args, long long count)
{
    const struct task *task = python.pointer(self, TASK);
    if (count != task->inputs + task->outputs || !are_plain(args, count, args[0])) return python.truth(0);
    const long long size = size_of(args[0]);
    if (size > task->most || !are_apart(args, task->inputs, count)) return python.truth(0);
    const double *x[task->inputs];
    double *y[task->outputs];
    for (long long k = 0; k < task->inputs; k++) x[k] = data_of(args[k]);
    for (long long k = 0; k < task->outputs; k++) y[k] = data_of(args[task->inputs + k]);
    run_at(task, size, x, y);
    return python.truth(1);
}

static void end(object *self)
{
    struct task *task = python.pointer(self, TASK);
    python.decref(task->other);
    free(task);
}

void connect(const void *const *known, sharing *threads)
{
    __builtin_memcpy(&python, known, sizeof python);
    share = threads;
    python.incref(python.empty);
}

object *function(int which, void *run, object *other, long long inputs, long long outputs, long long most, double cost)
{
    static const struct method methods[] = {
        {"value_and_grad", one, 0x82, 0},
        {"many", many, 0x80, 0},
        {"fill", fill, 0x80, 0},
    };
    struct task *task = malloc(sizeof *task);
    object *self = task ? python.capsule(task, TASK, end) : 0, *made = 0;
    if (self) {
        *task = (struct task){run, other, inputs, outputs, most, cost};
        python.incref(other);
        made = python.function(methods + which, self, 0);
    }
    else free(task);
    python.decref(self);
    return made;
}
"""
"""0x80 is METH_FASTCALL, 0x02 METH_KEYWORDS."""

TEXT = "\n".join(
    [
        OBJECTS,
        "static struct {",
        *[f"    {declaration};" for declaration in API.values()],
        "    const void *of_float, *of_array, *double_precision;",
        "    object *none, *empty;",
        "} python;",
        "static sharing *share;",
        "",
        f"enum {{ FEW = {FEW} }};",
        'static const char TASK[] = "diffcli";',
        FUNCTIONS,
    ]
)
"""A library with the functions `connect` and `function`."""
