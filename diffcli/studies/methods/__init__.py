"""The four approaches of the lectures, and every claim about them measured."""
