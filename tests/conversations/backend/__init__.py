"""Backends that the conversations bring with them, and the content of others."""
