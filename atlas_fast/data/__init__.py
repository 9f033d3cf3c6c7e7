"""Data: files and data frames as tables, tables as matrices of features x samples, scaling and splits."""
