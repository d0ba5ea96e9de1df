"""The gradient of any expression, four ways, side by side."""

__version__ = "0.1.0"
