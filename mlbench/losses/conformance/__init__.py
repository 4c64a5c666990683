"""What every loss has to fulfil, and the checks of it."""
