"""Algorithm 1 of the paper: server, clients, one round, and the simulator that drives it."""
