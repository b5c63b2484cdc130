"""Metrics of rankings, tasks that score a vectorizer, and the table that compares many."""
