"""What a reader does to a film with the mouse beyond looking: measuring, drawing, magnifying."""
