"""The page that an engineer reads before learning: can an agent learn from these records?"""

from shiftwork.evaluation.inspection.contents import Inspection
from shiftwork.evaluation.inspection.inspect import inspect
from shiftwork.evaluation.inspection.page import inspection_page, write_inspection

__all__ = ["Inspection", "inspect", "inspection_page", "write_inspection"]
