"""Clients that live elsewhere: nodes, each a silo with a folder, and the server's side of them.

No transport is known here: a message is bytes, and `links.Link` takes them to a node and back.
"""
