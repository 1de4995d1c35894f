"""Teams: who may do what, what is done, and what is shown of it.

- `rules`: names, limits and rights, without a database or a clock.
- `service`: what is done, each as a part of one transaction.
- `pages`: what is read.
"""
