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
    "PyTuple_SetItem": "int (*put)(object *, long long, object *)",
    "PyTuple_GetItem": "object *(*item)(object *, long long)",
    "PyObject_Vectorcall": "object *(*call)(object *, object *const *, size_t, object *)",
    "PyCFunction_NewEx": "object *(*function)(const struct method *, object *, object *)",
    "PyCapsule_New": "object *(*capsule)(void *, const char *, void (*)(object *))",
    "PyCapsule_GetPointer": "void *(*within)(object *, const char *)",
    "Py_IncRef": "void (*hold)(object *)",
    "Py_DecRef": "void (*release)(object *)",
    "PyEval_SaveThread": "void *(*leave)(void)",
    "PyEval_RestoreThread": "void (*enter)(void *)",
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

static object *pair(object *const *results, long long count)
{
    object *others = python.tuple(count - 1), *both = python.tuple(2);
    int is_whole = others && both;
    for (long long k = 0; k < count; k++) is_whole = is_whole && results[k];
    if (!is_whole) {
        for (long long k = 0; k < count; k++) python.release(results[k]);
        python.release(others);
        python.release(both);
        return 0;
    }
    for (long long k = 1; k < count; k++) python.put(others, k - 1, results[k]);
    python.put(both, 0, results[0]);
    python.put(both, 1, others);
    return both;
}

static object *one(object *self, object *const *args, long long count, object *names)
{
    const struct task *task = python.within(self, TASK);
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

static int is_plain(const array *x, const array *first)
{
    return x->head.type == python.of_array && x->dtype == python.double_precision && x->axes == 1
        && x->dimensions[0] == first->dimensions[0] && x->strides[0] == sizeof(double)
        && (size_t)x->data % sizeof(double) == 0;
}

static int are_plain(object *const *args, long long count)
{
    for (long long k = 0; k < count; k++) if (!is_plain((const array *)args[k], (const array *)args[0])) return 0;
    return 1;
}

static long long size_of(const object *first) { return ((const array *)first)->dimensions[0]; }

static double *data_of(const object *one) { return ((const array *)one)->data; }

/* Other threads of Python go on where it takes long. */
static void run_at(const struct task *task, long long size, const double *const *x, double *const *y)
{
    void *thread = size > FEW ? python.leave() : 0;
    if (share) share(task->run, 0, size, task->cost, 0, x, y, 0);
    else task->run(0, size, x, y, 0);
    if (thread) python.enter(thread);
}

static void allocate(const struct task *task, long long size, object **results)
{
    object *length = python.integer(size);
    object *kept = length && size > FEW ? python.call(task->other, &length, 1, 0) : 0;
    int is_there = length && (kept || size <= FEW);
    for (long long k = 0; k < task->outputs; k++) {
        results[k] = !is_there ? 0 : kept ? python.item(kept, k) : python.call(python.empty, &length, 1, 0);
        if (kept && results[k]) python.hold(results[k]);
        is_there = is_there && results[k];
    }
    python.release(kept);
    python.release(length);
}

static object *many(object *self, object *const *args, long long count)
{
    const struct task *task = python.within(self, TASK);
    const long long size = count == task->inputs && are_plain(args, count) ? size_of(args[0]) : -1;
    if (size < 0 || size > task->most) {
        python.hold(python.none);
        return python.none;
    }
    object *results[task->outputs];
    const double *x[count];
    double *y[task->outputs];
    allocate(task, size, results);
    if (results[task->outputs - 1]) {
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

static object *fill(object *self, object *const *args, long long count)
{
    const struct task *task = python.within(self, TASK);
    if (count != task->inputs + task->outputs || !are_plain(args, count)) return python.truth(0);
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
    struct task *task = python.within(self, TASK);
    python.release(task->other);
    free(task);
}

void connect(const void *const *known, sharing *threads)
{
    __builtin_memcpy(&python, known, sizeof python);
    share = threads;
}

object *function(int number, void *run, object *other, long long inputs, long long outputs, long long most, double cost)
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
        python.hold(other);
        made = python.function(methods + number, self, 0);
    }
    else free(task);
    python.release(self);
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
