"""`diffcli doctor`: what is installed and usable here."""

from diffcli.cli import options


def doctor(
    form: options.FormatOption = None,
    output: options.Output = None,
    *,
    ascii_only: options.Ascii = False,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """What is installed and usable here: packages, compiler, array libraries, terminal.

    \b
    diffcli doctor
    diffcli doctor --format json
    """
    from diffcli.cli.output import destination, show

    to = destination(form, output, ascii_only=ascii_only)
    from diffcli.studies.catalogue import installation

    record = installation()
    show(record, to)
    return 0
