"""Whether two pictures of a page have one layout: where there is ink, in blocks, and how much; never which letters.

A block is a square of the picture. Its ink is the mean darkness of its pixels. Other digits, another hue or smoothing
of letters change a block's ink by little; something that moves, grows, vanishes or comes changes it from paper to ink.
"""

import numpy as np

BLOCK = 16
"""Pixels along each side of a block: about a line of text."""
SAME_INK = 0.10
"""Blocks whose ink differs by no more, of black, are alike: half of what a line of small print has."""
MOST_CHANGED = 0.02
"""Share of the blocks that may differ: a line that another number broke or a bar of another length, nothing larger."""


def ink(picture):
    """(rows, columns) mean darkness of each block, 0 paper to 1 black."""
    gray = np.asarray(picture.convert("L"), float)
    height, width = (BLOCK * (length // BLOCK) for length in gray.shape)
    blocks = gray[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return 1 - blocks.mean(axis=(1, 3)) / 255


def changed_share(picture, golden):
    """Share of blocks whose ink differs; 1 where the pictures are of different sizes."""
    ours, theirs = ink(picture), ink(golden)
    return 1.0 if ours.shape != theirs.shape else float(np.mean(np.abs(ours - theirs) > SAME_INK))


def has_layout_of(picture, golden):
    """Whether a picture has the layout of a golden one."""
    return changed_share(picture, golden) <= MOST_CHANGED
