"""How good the pictures of a run are: the protocol behind every number, its report, its page.

In come a run or folders of pictures, a pairs file and a measurer; out come numbers with their
intervals, in evaluation.json and on a page of HTML. The formulas lie one room further in.
"""
