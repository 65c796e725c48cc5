"""Serves the page on which people type premises and a question in their own words.

    pip install 'hf-causal[demo]'
    python examples/serve_the_page.py

The same lines are the `app.py` of a Space.
"""

from hf_causal.demo.page import build_page, serve

if __name__ == "__main__":
    serve(build_page("axiom-reasoner"))
