"""What uploads give away: a curious server names users' items by them, as well as it can."""

from fedras.audit.auditing import Audit, Row, audit

__all__ = ["Audit", "Row", "audit"]
