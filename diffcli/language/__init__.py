"""Text to graph: expressions, points and the library of examples."""
