"""Files in the layouts of CMS, made by us: invented codes and numbers, names of columns over several lines."""

TITLE = "2026 National Physician Fee Schedule Relative Value File January Release"
ABOVE = (
    ("", "", "", "", "NOT USED", "", "NON-", "NON-FAC", "", "FACILITY", "", "NON-", "", "", "", "", ""),
    ("", "", "", "STATUS", "FOR MEDICARE", "WORK", "FAC", "NA", "FACILITY", "NA", "MP", "FACILITY", "FACILITY", "PCTC",
     "GLOB", "PRE", "CONV"),
)  # fmt: skip
NAMES = ("HCPCS", "MOD", "DESCRIPTION", "CODE", "PAYMENT", "RVU", "PE RVU", "INDICATOR", "PE RVU", "INDICATOR", "RVU",
         "TOTAL", "TOTAL", "IND", "DAYS", "OP", "FACTOR")  # fmt: skip
TIMES = (
    "HCPCS", "MOD", "Pre Evaluation Time", "Pre Positioning Time", "Pre Dress, Scrub and Wait Time",
    "Intra Service Time", "Immediate Post Service Time", "99213", "Total Time",
)  # fmt: skip
DESCRIPTION = "a description that must not be read"
MONEY = "33.9999"


def line(code, *, period="XXX", work="4.08", status="A", mod=""):
    cells = (
        code,
        mod,
        DESCRIPTION,
        status,
        "",
        work,
        "1.11",
        "",
        "1.11",
        "",
        "0.33",
        "5.5",
        "5.5",
        "0",
        period,
        "0.00",
    )
    return (*cells, MONEY)


def csv_of(*rows):
    quoted = (",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    return ("\r\n".join(quoted) + "\r\n").encode("cp1252")


def fees(*lines, title=TITLE, above=ABOVE, names=NAMES):
    before = ((title,), ("Released 12/19/2025",), ("Codes are copyright of somebody \u00a9.",), ("",))
    return csv_of(*before, *above, names, *(lines or (line("12345"), line("32701"), line("32701", mod="26"))))


def times(*rows):
    given = rows or (
        ("12345", "", "1", "0", "0", "2", "1", "0", "4"),
        ("32701", "", "15", "0", "0", "60", "15", "0", "90"),
    )
    return csv_of(("Physician time of a final rule",), TIMES, *given)
