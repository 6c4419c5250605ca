"""The operations, one verb a file. Python, the command line and the web page call these, and get the same results."""
