"""The impact doors: HR, an LMS or a learner reads what social learning was worth, for a stated purpose, and may object to it."""

from services.gateway.impact.routes import routes

__all__ = ["routes"]
