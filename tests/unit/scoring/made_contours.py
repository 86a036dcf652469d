"""A made-up table of real contours, and a profile whose shape is ranked in it by size.

Ten patients near 10 mm and ten near 40 mm, so far apart that no kernel of 0.1 reaches from one to the other. Of the
small ones the i-th has a curvature ratio of 1 + i / 10, of the large ones of 2 + i / 10. Patient 0 has four readers.
"""

from rtcomplexity.scoring import real_contours
from unit.scoring.made_profile import profile_text, replaced

HEAD = (
    "collection,patient,lesion,reader,equivalent_diameter_mm,slice_spacing_mm,sphericity_ratio,solidity_ratio,"
    "concavity_ratio,curvature_ratio"
)


def rows():
    for size, base in ((10, 1), (40, 2)):
        for i in range(10):
            for reader in range(4 if i == 0 else 1):
                diameter = size * (1 + 0.001 * i + 0.0001 * reader)
                yield f"made,{size}-{i},1,{reader},{diameter:.6g},3,0.9{i}{reader},0.9,1.0{i},{base + i / 10:g}"


def table_text():
    return "\n".join(["# made up for tests", HEAD, *rows()]) + "\n"


def placed(monkeypatch, folder, table_id):
    """Put the table where shipped ones lie, and tell its hash."""
    (folder / f"{table_id}.csv").write_text(table_text(), encoding="utf-8")
    monkeypatch.setattr(real_contours, "shipped_tables", lambda: {each.stem: each for each in folder.glob("*.csv")})
    real_contours.shipped_table.cache_clear()
    return real_contours.shipped_table(table_id).sha256


def sized_profile_text(sha256, table_id="made-contours"):
    text = profile_text().replace("scored.shape_a", "scored.curvature_ratio")
    similar = (
        'basis = "measured"\nsource = "made up"\n[families.factors.references.similar]\n'
        f'table = "{table_id}"\nbandwidth = 0.1\nmeasured = [{{ from_mm = 8, to_mm = 25 }}]\n'
    )
    return replaced(
        text,
        ('basis = "model"\nsource = "uniform"\nn = 5000\nknots = [[0, 0], [100, 100]]\n', similar),
        ("effect_floor = 10.0", "effect_floor = 0.1"),
        ("[levels]", f'[[tables]]\nid = "{table_id}"\nsha256 = "{sha256}"\n\n[levels]'),
    )
