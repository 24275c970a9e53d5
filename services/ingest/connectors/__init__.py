"""What each platform sends and means: one folder a platform, pure functions from its payload to interactions."""
