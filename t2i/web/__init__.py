"""The page where one types a sentence, and the server behind it.

In come requests from browsers, bounded and checked; out go pictures, painted by one thread. The
page itself is `static/`: one HTML, one script, and an engine; `exports` gives it another engine.
"""
