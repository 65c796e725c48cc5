"""Cards and publishing."""
