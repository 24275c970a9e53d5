"""Try a source without storing anything: what its connector makes of recorded deliveries, and of what the platform says now.

`examples/` holds a few deliveries of each platform that delivers, in the shapes for which its connector was built.
"""
