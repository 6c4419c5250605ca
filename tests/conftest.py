"""What all tests share: hypothesis does not judge how fast the machine is, and an interrupt arrives."""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("initlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("initlab")

# A shell starts its background jobs with interrupts ignored, and they and their children would stay so.
signal.signal(signal.SIGINT, signal.default_int_handler)
