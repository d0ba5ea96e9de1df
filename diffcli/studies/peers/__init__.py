"""Other libraries that compute gradients, each in a small adapter and run in a process of its own."""
