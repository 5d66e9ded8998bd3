"""The live page under a stopwatch: a real server, a real browser, and a recorder inside the page."""
