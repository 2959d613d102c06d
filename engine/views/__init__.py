"""What is read off a timeline: frozen views, queries with their answers, studies."""
