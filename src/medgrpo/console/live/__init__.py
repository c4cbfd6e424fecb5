"""From the record of a case to what a page shows: follow, fold into a board, send what is new."""
