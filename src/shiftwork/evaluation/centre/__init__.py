"""What one sees of a cracking centre's episode, whoever ran it: a chart, curves, money, a page."""

from shiftwork.evaluation.centre.page import centre_page

__all__ = ["centre_page"]
