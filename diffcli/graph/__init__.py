"""The program as data, and the table of primitives (standard library only)."""
