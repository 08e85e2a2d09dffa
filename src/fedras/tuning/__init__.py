"""The search for the options of a run that do best on the validation item.

What of it needs Optuna, the extra ``tune``, is in ``study.py`` and ``journal.py``.
"""
