"""What uploads give away: a curious server names users' items, and is told how often it is right."""

from fedras.audit.auditing import Audit, Row, audit

__all__ = ["Audit", "Row", "audit"]
