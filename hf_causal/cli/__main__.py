"""`python -m hf_causal.cli`."""

import sys

from hf_causal.cli import main

sys.exit(main())
