"""Nodes over Flower: a ServerApp, a ClientApp, and a federation of processes on one machine.

Needs the extra ``flower``.
"""
