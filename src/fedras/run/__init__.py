"""A run: its rounds, folder, summary, and what it recommends."""
