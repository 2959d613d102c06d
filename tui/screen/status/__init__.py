"""The lines above and below: badge, header, feed, note, time bar, hints."""
