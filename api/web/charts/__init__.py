"""Pictures of numbers, as SVG inside of a page: pure functions; their colours stand in static/public.css.

Each has a title and a description for who does not see it, and stands beside a table of the same numbers.
"""
