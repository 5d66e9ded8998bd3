"""How much a target may ask for: beyond these, one sentence of refusal, never a hanging page."""

MAX_TEXT = 20_000  # characters of a textual form, the numbers inside values(...) and drawn(...) not counted
MAX_NESTING = 100  # brackets inside brackets
MAX_OPERATIONS = 1_000  # operations in one formula
MAX_WORK = 15_000_000  # operations × points at which one density may be evaluated while it is integrated
MAX_COMPONENTS = 100  # components of a mixture, modes of a comb
MAX_POINTS = 10_000  # points of a drawn curve
MAX_VALUES = 1_000_000  # data values
MAX_UPLOAD_BYTES = 10_000_000  # bytes of a text file of data
MAX_PIXELS = 50_000_000  # pixels of an image, before it is thinned to MAX_VALUES
LARGEST_NUMBER = 1e30  # largest magnitude of a parameter or a value, within what float32 holds
