"""From a file to an answer: reads one's own data, chooses what to run, runs it within a time, says what to take."""
