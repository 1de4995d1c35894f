"""The rules of tournaments: pure code, without a database or a clock.

Every format is asked the same way: given the entrants in the order of their seeds, and the results so
far, it says which matches there are and who plays in them, what can be played now, and how entrants
stand. Nothing is stored but results, so a corrected one changes all that follows from it.

- `elimination`: single elimination, and double elimination with a bracket reset.
- `round_robin`: everybody against everybody, by the circle method.
- `swiss`: rounds of equals, never twice the same two.
- `groups`: round robins whose best go on into an elimination.
"""
