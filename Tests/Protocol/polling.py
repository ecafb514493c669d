"""Waiting for something to become true: the only place in these tests that sleeps."""

import time


def wait_until(condition, timeout=10.0, what="the condition", interval=0.01):
    """Returns the first true value of `condition()`; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(interval)
