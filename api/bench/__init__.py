"""Measuring: each bench works in a scratch folder and prints its figures, ratios from one run among them."""
