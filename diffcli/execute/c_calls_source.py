"""The functions of a compiled library that Python's interpreter calls by itself, as C.

They read numbers and arrays where they lie in memory and use a few functions of Python's C interface, which are handed
over when the library is loaded: no headers are needed, and nothing is linked.
"""

FEW = 8_192
"""Points up to which new arrays are as good as kept ones, and other threads of Python wait."""
API = {
    "PyFloat_FromDouble": "object *(*number)(double)",
    "PyLong_FromLongLong": "object *(*integer)(long long)",
    "PyBool_FromLong": "object *(*truth)(long)",
    "PyTuple_New": "object *(*tuple)(long long)",
    "PyTuple_SetItem": "int (*put)(object *, long long, object *)",
    "PyObject_Vectorcall": "object *(*call)(object *, object *const *, size_t, object *)",
    "PyCFunction_NewEx": "object *(*function)(const struct method *, object *, object *)",
    "Py_IncRef": "void (*hold)(object *)",
    "Py_DecRef": "void (*release)(object *)",
    "PyEval_SaveThread": "void *(*leave)(void)",
    "PyEval_RestoreThread": "void (*enter)(void *)",
}
"""The functions of Python's C interface, and what C calls them."""


def calls(inputs: int, outputs: int) -> str:
    """The text that follows a function `program` of so many inputs, all of them arrays, and outputs."""
    return "\n".join(
        [
            OBJECTS,
            "static struct {",
            *[f"    {declaration};" for declaration in API.values()],
            "    const void *of_float, *of_array, *double_precision;",
            "    object *none;",
            "} python;",
            "static long long most;",
            f"enum {{ INPUTS = {inputs}, OUTPUTS = {outputs}, FEW = {FEW} }};",
            FUNCTIONS,
        ]
    )


OBJECTS = """\
#include <stddef.h>
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
"""
"""The public beginnings of Python's floats and NumPy's arrays; `are_known` looks whether they are so here."""

FUNCTIONS = """\

static object *pair(object *const *results)
{
    object *others = python.tuple(OUTPUTS - 1), *both = python.tuple(2);
    int is_whole = others && both;
    for (int k = 0; k < OUTPUTS; k++) is_whole = is_whole && results[k];
    if (!is_whole) {
        for (int k = 0; k < OUTPUTS; k++) python.release(results[k]);
        python.release(others);
        python.release(both);
        return 0;
    }
    for (int k = 1; k < OUTPUTS; k++) python.put(others, k - 1, results[k]);
    python.put(both, 0, results[0]);
    python.put(both, 1, others);
    return both;
}

static object *one(object *otherwise, object *const *args, long long count, object *names)
{
    int is_ours = count == INPUTS && !names;
    for (int k = 0; is_ours && k < INPUTS; k++) is_ours = args[k]->type == python.of_float;
    if (!is_ours) return python.call(otherwise, args, count, names);
    const double *x[INPUTS];
    double values[OUTPUTS], *y[OUTPUTS];
    object *results[OUTPUTS];
    for (int k = 0; k < INPUTS; k++) x[k] = &((const number *)args[k])->value;
    for (int k = 0; k < OUTPUTS; k++) y[k] = values + k;
    program(0, 1, x, y, 0);
    for (int k = 0; k < OUTPUTS; k++) results[k] = python.number(values[k]);
    return pair(results);
}

static int is_plain(const array *x, const array *first)
{
    return x->head.type == python.of_array && x->dtype == python.double_precision && x->axes == 1
        && x->dimensions[0] == first->dimensions[0] && x->strides[0] == sizeof(double)
        && (size_t)x->data % sizeof(double) == 0;
}

static int are_plain(object *const *args, long long count)
{
    for (int k = 0; k < count; k++) if (!is_plain((const array *)args[k], (const array *)args[0])) return 0;
    return 1;
}

static object *many(object *empty, object *const *args, long long count)
{
    const long long size = count == INPUTS && are_plain(args, count) ? ((const array *)args[0])->dimensions[0] : -1;
    if (size < 0 || size > FEW) {
        python.hold(python.none);
        return python.none;
    }
    object *length = python.integer(size), *results[OUTPUTS];
    const double *x[INPUTS];
    double *y[OUTPUTS];
    int are_there = length != 0;
    for (int k = 0; k < INPUTS; k++) x[k] = ((const array *)args[k])->data;
    for (int k = 0; k < OUTPUTS; k++) {
        results[k] = are_there ? python.call(empty, &length, 1, 0) : 0;
        are_there = are_there && results[k];
        if (are_there) y[k] = ((const array *)results[k])->data;
    }
    python.release(length);
    if (are_there) program(0, size, x, y, 0);
    return pair(results);
}

static int are_apart(object *const *args)
{
    for (int k = INPUTS; k < INPUTS + OUTPUTS; k++) {
        const array *y = (const array *)args[k];
        const double *end = y->data + y->dimensions[0];
        if (!(y->flags & WRITEABLE)) return 0;
        for (int other = 0; other < k; other++) {
            const array *x = (const array *)args[other];
            if (x->data < end && y->data < x->data + x->dimensions[0]) return 0;
        }
    }
    return 1;
}

static object *fill(object *nothing, object *const *args, long long count)
{
    (void)nothing;
    if (count != INPUTS + OUTPUTS || !are_plain(args, count) || !are_apart(args)) return python.truth(0);
    const long long size = ((const array *)args[0])->dimensions[0];
    if (size > most) return python.truth(0);
    const double *x[INPUTS];
    double *y[OUTPUTS];
    for (int k = 0; k < INPUTS; k++) x[k] = ((const array *)args[k])->data;
    for (int k = 0; k < OUTPUTS; k++) y[k] = ((const array *)args[INPUTS + k])->data;
    void *thread = size > FEW ? python.leave() : 0;
    program(0, size, x, y, 0);
    if (thread) python.enter(thread);
    return python.truth(1);
}

void connect(const void *const *known, long long points)
{
    __builtin_memcpy(&python, known, sizeof python);
    most = points;
}

object *function(int number, object *first)
{
    static const struct method methods[] = {
        {"value_and_grad", one, 0x82, 0},
        {"many", many, 0x80, 0},
        {"fill", fill, 0x80, 0},
    };
    return python.function(methods + number, first, 0);
}"""
"""0x80 is METH_FASTCALL, 0x02 METH_KEYWORDS."""
