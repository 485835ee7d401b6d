"""The page that an engineer reads: contents in, one self-contained HTML file out."""

from shiftwork.evaluation.report.contents import ReportContents, Trace, ValueCheck
from shiftwork.evaluation.report.page import report_page, write_report

__all__ = ["ReportContents", "Trace", "ValueCheck", "report_page", "write_report"]
