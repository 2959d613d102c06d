"""Every setting, where its value comes from, and how a person wants the screen to look."""
