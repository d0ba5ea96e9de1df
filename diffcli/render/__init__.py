"""Records as documents, and documents in each format."""
