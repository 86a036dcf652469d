"""Arrays as pictures: gray windows, colors of uptake, anti-aliased lines, encoding.

Works on arrays and Pillow images; knows no case. Files contain pixels only: no text, no metadata.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from rtcomplexity.model.arrays import Floats

JPEG_QUALITY: Final = 82
SOFT_TISSUE_HU: Final = (-160.0, 240.0)
WIDE_HU: Final = (-1000.0, 400.0)
LUNG_HU: Final = (-950.0, -500.0)
LUNG_SHARE: Final = 0.08
SUPERSAMPLING: Final = 2
LINE_WIDTH: Final = 4
_UPTAKE_STOPS: Final = np.array(
    [
        [0.0, 60, 15, 110, 0],
        [0.2, 87, 16, 110, 60],
        [0.5, 188, 55, 84, 130],
        [0.8, 249, 142, 9, 165],
        [1, 252, 255, 164, 190],
    ]
)
"""Share of the window, then red, green, blue, alpha."""


def window_of(values: Floats, modality: str) -> tuple[float, float]:
    """Values of black and white: for CT a wide window if there is lung, otherwise soft tissue."""
    if modality == "CT":
        lung = float(np.mean((values > LUNG_HU[0]) & (values < LUNG_HU[1])))
        return WIDE_HU if lung > LUNG_SHARE else SOFT_TISSUE_HU
    low, high = np.percentile(values, [1, 99])
    return float(low), float(max(high, low + 1))


def gray(values: Floats, window: tuple[float, float]) -> NDArray[np.uint8]:
    """Map values of any shape to 0..255 between the ends of a window, in the values' unit."""
    low, high = window
    scaled: NDArray[np.uint8] = np.clip((values - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    return scaled


def colored(share: Floats) -> NDArray[np.uint8]:
    """(..., 4) color and opacity of uptake from 0 to 1; transparent for NaN."""
    stops = _UPTAKE_STOPS
    clipped = np.nan_to_num(np.clip(share, 0, 1), nan=0.0)
    channels = [np.interp(clipped, stops[:, 0], stops[:, channel]) for channel in range(1, 5)]
    return (np.stack(channels, axis=-1) + 0.5).astype(np.uint8)


def atlas(tiles: Sequence[Image], columns: int) -> Image:
    """Arrange equal tiles row by row."""
    from PIL import Image as pillow  # noqa: N813, PLC0415 - importing the package stays quick

    width, height = tiles[0].size
    sheet = pillow.new(tiles[0].mode, (width * columns, height * -(-len(tiles) // columns)))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * width, number // columns * height))
    return sheet


def with_lines(picture: Image, lines: Iterable[tuple[Floats, str]], *, letters: Sequence[str]) -> Image:
    """Draw closed lines (n, 2) and the letters of the left, right, upper and lower side over a picture."""
    from PIL import Image as pillow  # noqa: N813, PLC0415
    from PIL import ImageDraw  # noqa: PLC0415

    scale = SUPERSAMPLING
    layer = pillow.new("RGBA", (picture.width * scale, picture.height * scale), (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    for points, colour in lines:
        path = [(float(x) * scale, float(y) * scale) for x, y in [*points, points[0]]]
        draw.line(path, fill=(0, 0, 0, 150), width=(LINE_WIDTH + 2) * scale, joint="curve")
        draw.line(path, fill=colour, width=LINE_WIDTH * scale, joint="curve")
    drawn = pillow.alpha_composite(picture.convert("RGBA"), layer.resize(picture.size, pillow.Resampling.BOX))
    _write_letters(drawn, letters)
    return drawn.convert("RGB")


def _write_letters(picture: Image, letters: Sequence[str]) -> None:
    """Write the letters of the sides."""
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415

    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=22)
    width, height = picture.size
    places = [
        ((8, height / 2), "lm"),
        ((width - 8, height / 2), "rm"),
        ((width / 2, 8), "mt"),
        ((width / 2, height - 8), "mb"),
    ]
    for letter, (place, anchor) in zip(letters, places, strict=False):
        draw.text(place, letter, fill="white", font=font, anchor=anchor, stroke_width=2, stroke_fill="black")


def png(picture: Image) -> bytes:
    """Encode losslessly, without metadata."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=False, compress_level=6)
    return stream.getvalue()


def jpeg(picture: Image) -> bytes:
    """Encode for the slice viewer, without metadata."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return stream.getvalue()
