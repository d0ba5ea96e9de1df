"""Listings of a program as source text: one file per language, and what the languages share."""
