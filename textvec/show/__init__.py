"""Figures, pages and tables as files: arrays and tables in, something for people out."""
