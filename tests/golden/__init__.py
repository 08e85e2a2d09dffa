"""What short runs and payloads on generated data come to, bit for bit, on any machine.

``PYTHONPATH=tests python -m golden`` records it anew in ``digests.json``. That is right after a
change that is meant to change numbers, and at no other time.
"""
