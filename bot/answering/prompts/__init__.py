"""What the model is told, and the form in which it must reply."""
