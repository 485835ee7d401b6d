import os

from jaxtyping import install_import_hook

# No test may open a window.
os.environ["MPLBACKEND"] = "Agg"

# Every annotated shape and dtype of ours is checked while the tests run.
install_import_hook("shiftwork", "numeric_tower.checked")
