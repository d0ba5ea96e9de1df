"""`diffcli doctor`: what is installed and usable here."""

from diffcli.cli.groups import Result


def doctor(result: Result) -> int:
    """What is installed and usable here: packages, compiler, array libraries, terminal.

    \b
    diffcli doctor
    diffcli doctor --format json
    """
    from diffcli.cli.output import destination, show

    to = destination(result)
    from diffcli.studies.catalogue import installation

    record = installation()
    show(record, to)
    return 0
