"""What people read of runs: their comparison, and a report of one or several."""
