"""Text and figures of the studies, one module for each model. `render(studies, plots)` returns Markdown lines."""
