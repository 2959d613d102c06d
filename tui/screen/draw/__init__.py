"""Drawing below the widgets: cells, bars, braille, paths, lines that fit."""
