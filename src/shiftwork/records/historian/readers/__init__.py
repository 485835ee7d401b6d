"""Readers of exports: one module for each kind of file or database."""
