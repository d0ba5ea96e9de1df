"""Ways to run a graph."""
