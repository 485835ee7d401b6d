import sys
from pathlib import Path

# The comparison with recorded steps can be run by hand too, so it is a module beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
