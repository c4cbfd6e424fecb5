"""What a recipe needs, before anything is loaded."""
