"""An engine without processes: for tests of everything round it."""

from rtcomplexity.batch.messages import Outcome
from rtcomplexity.batch.worker import perform


class InlineEngine:
    """Does every task at once, and remembers them."""

    workers = 1

    def __init__(self, spoil=None):
        self.tasks = []
        self.spoil = spoil or {}

    def run(self, tasks):
        for key, task in tasks:
            self.tasks.append(task)
            yield key, Outcome.from_json((self.spoil.get(key) or perform(task)).to_json())

    def close(self):
        pass


class Silent:
    """Watches nothing."""

    def looking(self, files):
        pass

    def starting(self, plans, found):
        pass

    def ended(self, status, *, stood):
        pass
