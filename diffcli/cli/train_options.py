"""The options of `train`, in the groups that it takes: the task, the recipe, and how the record is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from diffcli.cli.groups import Numbers

Network = Annotated[
    str | None,
    typer.Argument(
        metavar="NETWORK",
        help="linear, logistic, mlp:64, mlp:64,32:relu; @NAME of an example; a file with a program.",
        show_default=False,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", "-d", metavar="NAME|FILE", help="digits, iris, moons[:count,noise]; a .csv or .npz file.",
                 show_default=False),
]  # fmt: skip
Label = Annotated[
    str | None,
    typer.Option("--label", help="The column (or array) of the labels.", show_default="the last column, or y"),
]
Classes = Annotated[
    str | None, typer.Option("--classes", metavar="a,b,…", help="All labels that may occur.", show_default=False)
]
Hidden = Annotated[
    str | None,
    typer.Option("--hidden", metavar="64,32", help="Widths of the hidden layers of a program.", show_default="32 each"),
]
Start = Annotated[
    list[str] | None,
    typer.Option("--at", "-a", metavar="W1=@w.npy", help="Starting values of parameters.", show_default="by --init"),
]
Epochs = Annotated[int, typer.Option("--epochs", "-e", min=0, max=1_000_000, help="At most so many epochs.")]
Batch = Annotated[int, typer.Option("--batch", "-b", min=1, max=1_000_000, help="Samples of a mini-batch.")]
OptimizerOption = Annotated[
    str, typer.Option("--optimizer", metavar="NAME[:beta=0.9,…]", help="sgd, momentum, nesterov, rmsprop, adam, ….")
]
Rate = Annotated[float | None, typer.Option("--rate", "-r", help="The learning rate.", show_default="the optimizer's")]
ScheduleOption = Annotated[
    str | None,
    typer.Option("--schedule", metavar="NAME[:factor=0.5,…]", help="How the rate falls, step by step.",
                 show_default="constant"),
]  # fmt: skip
L2 = Annotated[float, typer.Option("--l2", min=0, help="λ of the penalty λ/2·Σ W² on all weights but the biases.")]
Dropout = Annotated[float, typer.Option("--dropout", min=0, max=0.99, help="Share of the hidden units left out.")]
Patience = Annotated[
    int, typer.Option("--patience", min=0, help="Stop after so many epochs without a lower validation loss; 0: never.")
]
Init = Annotated[
    str | None, typer.Option("--init", help="glorot, he, normal:sigma=0.1.", show_default="he for relu, else glorot")
]
SplitOption = Annotated[str, typer.Option("--split", help="Shares of training, validation and test, in each class.")]
Standardise = Annotated[
    bool, typer.Option("--standardise/--raw", help="Scale features to mean 0 and deviation 1 over training.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of split, initialisation, order and dropout.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, max=256, help="Of matrix products. The last digits can depend on it.")
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="run.npz", help="Keep the state here, and go on from it.", show_default=False),
]
CheckpointSeconds = Annotated[float, typer.Option("--checkpoint-seconds", min=0, help="How often it is written.")]
Resume = Annotated[bool, typer.Option("--resume", help="The checkpoint must be there.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file: .png .svg (curves) .csv .json .md .tex .txt.",
                 show_default=False),
]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What is trained on what."""

    network: Network = None
    data: DataOption = None
    label: Label = None
    classes: Classes = None
    hidden: Hidden = None
    at: Start = None


@dataclass(frozen=True)
class Recipe:
    """How it is trained."""

    epochs: Epochs = 100
    batch: Batch = 32
    optimizer: OptimizerOption = "adam"
    rate: Rate = None
    schedule: ScheduleOption = None
    l2: L2 = 0.0
    dropout: Dropout = 0.0
    patience: Patience = 20
    init: Init = None
    split: SplitOption = "70,15,15"
    standardise: Standardise = True
    seed: Seed = 0
    threads: Threads = 1
    checkpoint: CheckpointOption = None
    checkpoint_seconds: CheckpointSeconds = 1.0
    resume: Resume = False


@dataclass(frozen=True)
class Plotted(Numbers):
    """How the record is written, and where; a picture too."""

    output: Output = None
