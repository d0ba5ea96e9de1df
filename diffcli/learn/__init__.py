"""What gradients are for: optimizers, and descents driven by each of the methods."""
