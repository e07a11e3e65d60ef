#!/usr/bin/env python3
"""Makes the fonts of this folder from the faces that Debian ships, and from Noto Emoji as the crate `epaint_default_fonts` has it.

    apt-get install fonts-inter fonts-jetbrains-mono
    pip install fonttools
    python3 assets/fonts/subset.py path/to/NotoEmoji-Regular.ttf

Of Noto Emoji all characters are kept but those that are no emoji: figures, spaces, letters. Of the others kept are Latin, Greek, Cyrillic, punctuation, currency, arrows, mathematics and geometric shapes. In Inter the
tabular figures become the figures, since egui has no switch for OpenType features: a number that counts up must
not make the text beside it jump. The programming ligatures of JetBrains Mono are left out: a value is shown as it is.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
DEBIAN = Path("/usr/share/fonts")

RANGES = [
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0259, 0x0259), (0x02B0, 0x02FF), (0x0300, 0x036F), (0x0370, 0x03FF),
    (0x0400, 0x052F), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x20BF), (0x2100, 0x214F), (0x2150, 0x218F),
    (0x2190, 0x23FF), (0x2500, 0x25FF), (0x2713, 0x2713), (0x2717, 0x2717), (0xFFFD, 0xFFFD),
]  # fmt: skip


def make(source: Path, tabular: bool) -> None:
    """Subsets one face into this folder."""
    options = subset.Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"] + (["tnum"] if tabular else [])
    options.name_IDs = ["*"]
    options.notdef_outline = True
    font = subset.load_font(str(source), options)
    if tabular:
        use_tabular_figures(font)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    subset.save_font(font, str(HERE / source.name), options)


def make_emoji(source: Path) -> None:
    """Subsets the face of emoji, which has the characters of no other face."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = ["*"]
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for code in font.getBestCmap() if code >= 0x2190])
    subsetter.subset(font)
    # The arrows of egui_tiles' tab bars, which none of the faces has.
    for table in font["cmap"].tables:
        table.cmap |= {0x23F4: table.cmap[0x25C0], 0x23F5: table.cmap[0x25B6]} if 0x25B6 in table.cmap else {}
    subset.save_font(font, str(HERE / source.name), options)


def use_tabular_figures(font: TTFont) -> None:
    """Points every code that has a tabular form at that form."""
    gsub = font["GSUB"].table
    lookups = {i for r in gsub.FeatureList.FeatureRecord if r.FeatureTag == "tnum" for i in r.Feature.LookupListIndex}
    mapping: dict[str, str] = {}
    for index in sorted(lookups):
        for table in gsub.LookupList.Lookup[index].SubTable:
            mapping |= getattr(getattr(table, "ExtSubTable", table), "mapping", {})
    for table in font["cmap"].tables:
        table.cmap = {code: mapping.get(glyph, glyph) for code, glyph in table.cmap.items()}


if __name__ == "__main__":
    for weight in ["Regular", "Medium"]:
        make(DEBIAN / f"opentype/inter/Inter-{weight}.otf", tabular=True)
    make(DEBIAN / "truetype/jetbrains-mono/JetBrainsMono-Regular.ttf", tabular=False)
    make_emoji(Path(sys.argv[1]))
