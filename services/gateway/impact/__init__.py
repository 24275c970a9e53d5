"""The impact doors: HR, an LMS or a learner reads impact for a stated purpose, and a learner's objection is passed on."""

from services.gateway.impact.routes import routes

__all__ = ["routes"]
