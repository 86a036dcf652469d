"""The process that reads and measures one plan for the page: ``python -m rtcomplexity.desk.child TASK``.

Everything that parses what came from outside runs in it, under limits, and can be ended at any time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.cores import use_one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE: Final = "rtcomplexity.desk.child"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the task described in a file, and write its outcome to the same folder."""
    from rtcomplexity.batch.host import end_with  # noqa: PLC0415 -- before anything heavy

    use_one_thread()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

    from rtcomplexity.batch.process_limits import apply_limits  # noqa: PLC0415
    from rtcomplexity.batch.worker import outcome_of  # noqa: PLC0415
    from rtcomplexity.desk.analysis import perform  # noqa: PLC0415
    from rtcomplexity.desk.task import Task  # noqa: PLC0415
    from rtcomplexity.whole_files import write_whole  # noqa: PLC0415 -- after the environment is set

    [path] = sys.argv[1:] if arguments is None else arguments
    task = Task.from_tree(json.loads(Path(path).read_text(encoding="utf-8")))
    apply_limits(task.limits)
    outcome = outcome_of(partial(perform, task), "")
    write_whole(task.place.result, outcome.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
