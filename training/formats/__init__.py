"""Formats in which labelled drawings come and go. Pure: from files to items and back, no Django."""
