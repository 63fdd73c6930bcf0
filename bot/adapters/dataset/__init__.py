"""Datasets on disk: the plan of an export, its files, and tables of them."""
