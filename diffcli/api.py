"""What Python programs use: the same studies, traces and derivatives as the command line, of texts and of functions.

A text is a program as the command line reads it; a function is written with plain NumPy. Everything here has the same
name and meaning for both: a text is given a point by names, a function its positional arguments.

What is below, in the order to read it: `derivatives` are those of a program at a point, whatever it was written as;
`text_points`, `texts` and `text_gradient` put texts on them, `function_recordings`, `functions` and `function_batches`
functions (`conversions` keeps the types of their arrays); `batches` runs a program at many points.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli import texts
from diffcli.derivatives import Mode
from diffcli.errors import UsageError
from diffcli.text_points import At, Located, read

if TYPE_CHECKING:
    from diffcli import functions, text_gradient
    from diffcli.learn.descent import Descent
    from diffcli.learn.training_record import Training
    from diffcli.studies.compare import Comparison
    from diffcli.studies.gradient_check import GradientCheck
    from diffcli.studies.records import Study
    from diffcli.studies.trace import Trace

Function = Callable[..., Any]
Argnums = int | Sequence[int] | None


def value_and_grad(
    function: str | Function, argnums: Argnums = None, *, pure: bool = False, executor: str | None = None
) -> "text_gradient.ValueAndGradient | functions.ValueAndGradient":
    """The value and the gradient of a text or of a function, as a function of the point.

    What comes back has the methods `batch` (many points at once), `jvp(point, tangents)` and `vjp(point)`, which give
    what `diffcli.jvp` and `diffcli.vjp` give without reading the text again.

    Args:
        function: A text, or a function written with NumPy that returns one number.
        argnums: Of a function the arguments to differentiate by: one (the gradient is that of this argument), several,
            or all positional ones (the default; the gradient is a tuple, as for texts).
        pure: The function depends on its arguments only, so that it is recorded once for their shapes (unless it
            branches on their values).
        executor: Of a text of numbers what runs it: "interpreter", "python", "numpy" or "c" (which compiles at once);
            by default Python's own code at one point, and NumPy or C at many.
    """
    if isinstance(function, str):
        from diffcli import text_gradient

        return text_gradient.ValueAndGradient(function, executor).function()
    if executor is not None:
        raise UsageError("executors are for texts; a Python function runs on the library of its arrays")
    from diffcli import functions

    return functions.ValueAndGradient(function, argnums, pure=pure)


def grad(function: str | Function, at: Any = None, *, argnums: Argnums = None, pure: bool = False) -> Any:
    """The gradient of a text at a point, in the order of its variables; of a function the function that gives it.

    With a tuple of arguments as `at`, that of a function too is returned at once.
    """
    if isinstance(function, str):
        return texts.gradient(function, _point(at))
    from diffcli import functions

    return _called(functions.Gradient(function, argnums, pure=pure), at)


def jacobian(
    function: str | Function,
    at: Any = None,
    *,
    argnums: Argnums = None,
    mode: Mode | None = None,
    pure: bool = False,
) -> Any:
    """All first partials: of a text at a point, or of a function the function that gives them.

    A text gives a row for each output, with a number or an array for each variable; a function its result's containers
    with the same for each argument. Arrays have the axes of the output, then those of the input. All tangents of the
    forward mode or all cotangents of the reverse mode run at once; `mode` None takes the cheaper one.
    """
    if isinstance(function, str):
        return texts.jacobian(function, _point(at), mode)
    from diffcli import functions

    found = functions.Jacobian(function, argnums, pure=pure)
    found.mode = mode
    return _called(found, at)


def hessian(
    function: str | Function,
    at: Any = None,
    *,
    argnums: Argnums = None,
    mode: str = "forward-over-reverse",
    pure: bool = False,
) -> Any:
    """All second partials of one number: of a text at a point, or of a function the function that gives them."""
    modes: dict[str, Mode] = {"forward-over-reverse": "forward", "reverse-over-reverse": "reverse"}
    if mode not in modes:
        raise UsageError(f"there is no mode {mode!r}", hint=f"one of {', '.join(modes)}")
    if isinstance(function, str):
        return texts.hessian(function, _point(at), modes[mode])
    from diffcli import functions

    found = functions.Hessian(function, argnums, pure=pure)
    found.mode = modes[mode]
    return _called(found, at)


def jvp(function: str | Function, at: Any, tangents: Any) -> tuple[Any, Any]:
    """Value and J·ẋ, by one forward sweep.

    A text takes a point and tangents by name (0 for those left out); a function a tuple of arguments and a tuple of
    tangents of the same shapes.
    """
    if isinstance(function, str):
        return texts.jvp(function, _point(at), tangents)
    from diffcli import functions
    from diffcli.function_recordings import RecordedFunction

    return functions.jvp(RecordedFunction(function), _arguments(at), _arguments(tangents))


def vjp(function: str | Function, at: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value, and the function that takes a cotangent ȳ of the value to Jᵀ·ȳ, by one reverse sweep."""
    if isinstance(function, str):
        return texts.vjp(function, _point(at))
    from diffcli import functions
    from diffcli.function_recordings import RecordedFunction

    return functions.vjp(RecordedFunction(function), _arguments(at))


def hvp(function: str | Function, at: Any, direction: Any) -> tuple[Any, ...]:
    """The Hessian of one number times a direction, without the matrix, at the cost of a few evaluations."""
    if isinstance(function, str):
        return texts.hvp(function, _point(at), direction)
    from diffcli import functions
    from diffcli.function_recordings import RecordedFunction

    return functions.hvp(RecordedFunction(function), _arguments(at), _arguments(direction))


def check_grads(function: str | Function, at: Any, order: int = 2, *, seed: int = 0) -> "GradientCheck":
    """Forward and reverse mode, and second derivatives, against finite differences along random directions.

    The record says of every comparison what was expected and what was found; `.ok` is whether all agree, `.to_dict()`
    its JSON object, and printing it shows a table.
    """
    from diffcli.studies import gradient_check

    if isinstance(function, str):
        place = Located.read(function, _point(at))
        return gradient_check.check(place.derivatives, place.values, order=order, seed=seed)
    from diffcli import functions
    from diffcli.function_recordings import RecordedFunction

    args, subject = _arguments(at), RecordedFunction(function)
    recorded, itself = subject.at(args, {}), functions.evaluation(subject, args)
    return gradient_check.check(
        recorded.derivatives, recorded.values, evaluate=itself, order=order, seed=seed, notes=subject.notes
    )


def study(text: str, at: At) -> "Study":
    """The record of `diffcli grad`; `.to_dict()` is its JSON object."""
    from diffcli.studies import study as studies

    reading, point = read(text, at)
    return studies.study(reading.graph, point, text=text, notes=reading.notes)


def trace(text: str, at: At) -> "Trace":
    """The record of `diffcli trace`, with adjoint and tangent traces; `.to_dict()` is its JSON object."""
    from diffcli.studies import trace as traces

    reading, point = read(text, at)
    return traces.trace(reading.graph, point, text=text, notes=reading.notes)


def compare(texts: str | Sequence[str], points: int = 10, seed: int = 0) -> "Comparison":
    """The record of `diffcli compare` over one or several expressions; `.to_dict()` is its JSON object."""
    from diffcli.language import parse
    from diffcli.studies import compare as comparisons

    chosen = [texts] if isinstance(texts, str) else texts
    subjects = [comparisons.Subject(text, parse(text).graph, None) for text in chosen]
    return comparisons.compare(subjects, points=points, seed=seed)


def descend(
    function: str | Function,
    start: Any,
    *,
    at: At | None = None,
    argnums: Argnums = None,
    method: str | Sequence[str] = "reverse",
    optimizer: str = "gradient-descent",
    rate: float | None = None,
    schedule: str | None = None,
    restarts: int = 0,
    seed: int = 0,
    **criteria: Any,
) -> "Descent":
    """The record of `diffcli descend`: `.first.steps` are its steps; `.to_dict()` is its JSON object.

    Args:
        function: A text, or a function written with NumPy that returns one number. It is recorded once, at the start.
        start: Where to start: for a text values by name, for a function a tuple of arguments.
        at: For a text the values of variables that stay as they are.
        argnums: Of a function the arguments that descend (all).
        method: Where the gradients come from: a method, several, or "all".
        optimizer: Such as "adam", or "momentum:beta=0.8".
        rate: The learning rate; by default the optimizer's usual one.
        schedule: How the rate falls, such as "step:factor=0.1,every=50".
        restarts: How many random starts are tried as well.
        seed: Of the random starts.
        criteria: When to stop: gradient, value, point, target, steps, least_steps, seconds (see `Criteria`).
    """
    from diffcli.learn import requests

    if isinstance(function, str):
        place = requests.of_text(function, _point(start), at or {})
    else:
        place = requests.of_function(function, _arguments(start), argnums)
    chosen = requests.settings(method, optimizer, rate, schedule, restarts, seed, criteria)
    return requests.descend(place, chosen)


def train(
    network: str,
    data: Any,
    *,
    at: Mapping[str, Any] | None = None,
    hidden: str | Sequence[int] | None = None,
    label: str | None = None,
    classes: Sequence[str] | None = None,
    optimizer: str = "adam",
    rate: float | None = None,
    schedule: str | None = None,
    on_epoch: Callable[[Any], None] | None = None,
    **settings: Any,
) -> "Training":
    """The record of `diffcli train`: `.values` are the learned parameters by name, `.scores` the final table.

    Args:
        network: Such as "mlp:64" or "mlp:64,32:relu", "@mlp-tanh", a file, or a program.
        data: "digits", "iris", "moons", a .csv or .npz file, or a tuple of samples and labels (X, y).
        at: Starting values of parameters by name; the others are random.
        hidden: Widths of the hidden layers of a program.
        label: The column (or array) of the labels in a file.
        classes: All labels that may occur in a file.
        optimizer: Such as "adam", or "momentum:beta=0.8".
        rate: The learning rate; by default the optimizer's usual one.
        schedule: How the rate falls, such as "step:factor=0.1,every=500".
        on_epoch: Called with a point of the curves after every epoch.
        settings: epochs, batch, l2, dropout, patience, initialisation, shares, is_standardised, seed, dtype,
            checkpoint, checkpoint_seconds, resume, sample, with_confusion (see `diffcli.learn.train.Settings`).
    """
    from diffcli.learn import train as training
    from diffcli.learn.train_requests import prepared

    job = prepared(network, data, at=at or {}, hidden=hidden, label=label, classes=classes, optimizer=optimizer,
                   rate=rate, schedule=schedule, settings=settings)  # fmt: skip
    return training.train(job, on_epoch=on_epoch or (lambda _: None))


def _called(function: Function, at: Any) -> Any:
    """A function of the arguments, or its value at a tuple of them."""
    if isinstance(at, int):
        raise UsageError(f"{at} is no tuple of arguments", hint=f"argnums={at} says which argument to differentiate by")
    return function if at is None else function(*_arguments(at))


def _point(at: Any) -> At:
    if not isinstance(at, Mapping):
        raise UsageError("a text needs the values of its variables by name", hint='at={"x": 2, "y": "pi/2"}')
    return at


def _arguments(at: Any) -> Sequence[Any]:
    if not isinstance(at, (tuple, list)):
        raise UsageError("a function needs a tuple of its arguments", hint="(x,) for one argument")
    return at
