"""Past days, whichever provider they are fetched from: what is wanted, what there is, and days made of it."""
