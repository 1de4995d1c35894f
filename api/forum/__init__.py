"""What the forum shows of After Action: fragments for its pages, and what its members decide there."""
