"""The Space: the page of `hf-causal demo`, served to everybody and to agents."""

from hf_causal.demo.page import build_page, serve

page = build_page()

if __name__ == "__main__":
    serve(page, mcp=True)
