"""Criteria about effects in graphs with hidden causes, made of directed paths and d-separations."""
