"""A node's side: its users' histories, replicas and private vectors."""
