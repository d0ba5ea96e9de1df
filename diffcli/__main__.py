"""`python -m diffcli`."""

from diffcli.cli.main import main

if __name__ == "__main__":
    main()
