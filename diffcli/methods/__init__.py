"""The four methods: finite differences, symbolic, forward mode, reverse mode."""
