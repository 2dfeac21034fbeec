"""Chaos: the whole program under load while its parts are killed, frozen and emptied at random.

`python -m tests.chaos --help`. What was promised, the clients' own records say; then the database is asked.
"""
