"""The fixtures that every test may ask for: the real servers, each started once a session; and the order of the tests.

What Hypothesis finds does not depend on how busy the machine is: no example has a deadline.
"""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.kafka", "tests.support.order", "tests.support.postgres"]

settings.register_profile("symposia", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("symposia")
