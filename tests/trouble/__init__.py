"""A Django app for tests: jobs that give their worker trouble, done by the real workers."""
