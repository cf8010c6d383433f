"""What survives a request: the decision log and the models' statistics."""
