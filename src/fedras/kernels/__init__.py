"""The compiled loops. Each has a plain NumPy twin in the tests."""
