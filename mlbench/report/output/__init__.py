"""The folder of a report and the files in it beside the page."""
