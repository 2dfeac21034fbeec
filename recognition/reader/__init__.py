"""From ink to digits: pure Python, no Django and no Celery.

`ink`, `header` and `number` need no torch, so the web process may import them; `reader`, `networks` and
`weights` are for workers and training.
"""
