"""The API under /api/v1, one file for each thing a program asks for: `searching`, `matching`, `records`, and `health` beside it."""
