"""Tournaments of the forum: who runs them, who takes part, and what was played.

What is stored is entrants in the order of their seeds, withdrawals, and results. Brackets and standings are
drawn from these by the rules of `smf_bridge.brackets`, each time somebody looks or reports: a draw is never
stored, and so never patched. Whatever changes a tournament locks its row first: one change at a time.

- `model`: what is stored, and what formats are told; `draw`: brackets from what is stored, pure.
- `changes`: one change of a tournament, in a transaction; `service`: what people can do.
"""
