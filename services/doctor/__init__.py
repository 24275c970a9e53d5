"""The doctor looks at an installation from outside, and says in words what is wrong with it and what to do."""
