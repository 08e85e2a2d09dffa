"""Tests of fedras.data."""
