"""What samples answers: one file per engine, all in one table (`table.ENGINES`)."""
