"""How long a test waits, and how it compares costs: never so that a slow or busy machine decides the outcome.

A wait for something that has to happen lasts until it happens, at most ``HANG_S``. A claim about speed compares two
costs measured in the same run, in processor time, each the least of several rounds.
"""

import time

HANG_S = 1800
"""Only what never ends takes so long: an idle machine needs 1/20 of it for the longest command of any test."""

PAGE_HANG_S = 180
"""A page that is not there by then never will be: an idle machine needs under a second for any action on one."""


def least_processor_s(work, rounds=3):
    """Processor time of this process for `work`, s: the least of some rounds, which a busy neighbor disturbs least."""

    def once():
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once() for _ in range(rounds))
