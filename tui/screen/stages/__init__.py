"""The views that can stand in the grid's place, one of them in sight."""
