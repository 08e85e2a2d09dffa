"""Tables and figures from rows of results, next to what the paper published."""
