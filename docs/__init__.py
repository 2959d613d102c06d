"""The pages for people, and the program that writes those which are made from tables."""
