"""The page: its tabs, its programming interface, and how it is served."""

from __future__ import annotations

import os
import resource
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

import gradio as gr  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from hf_causal.demo import workers  # noqa: E402
from hf_causal.demo.api import Endpoints, write_json  # noqa: E402
from hf_causal.demo.ask_tab import AskTab  # noqa: E402
from hf_causal.demo.check_tab import CheckTab  # noqa: E402
from hf_causal.demo.connections import TimedProtocol  # noqa: E402
from hf_causal.demo.explore_tab import ExploreTab  # noqa: E402
from hf_causal.demo.guard import Guard  # noqa: E402
from hf_causal.demo.kept import Kept  # noqa: E402
from hf_causal.demo.limits import (  # noqa: E402
    IDLE_SECONDS,
    KEPT_SECONDS,
    MAX_CONNECTIONS,
    MAX_UPLOAD_BYTES,
    MAX_WAITING,
)
from hf_causal.demo.models import Models  # noqa: E402
from hf_causal.demo.uploads import FileQueue  # noqa: E402
from hf_causal.demo.verify_tab import VerifyTab  # noqa: E402
from hf_causal.systems import systems  # noqa: E402
from hf_causal.systems.system import load  # noqa: E402

TITLE = "Causal reasoner"
STYLE = Path(__file__).with_name("style.css")
SWEEP_SECONDS = 15
"""Time between two rounds in which old files are removed."""

_HEADER = """
<header class="hc-header"><h1>Causal reasoner</h1>
<p>Type what causes what and ask a question. A small transformer answers, and a proof shows whether it is right.</p>
</header>
"""
_HEAD = '<meta name="description" content="Questions about cause and effect, answered by a model and by proof.">'


class Page(gr.Blocks):
    """The page, with its parts that are no components."""

    models: Models
    kept: Kept
    files: FileQueue


def build_page(model: str | Path | None = None, allow_hub: bool = False) -> Page:
    """Builds the page as a Gradio app, which is not served yet.

    Args:
        model (`str` or `Path`, *optional*): Model folder, or name of a released model, that is selected at the start.
        allow_hub (`bool`): Whether users may name any model on the Hub. Its code is never run.

    Raises:
        `FileNotFoundError`: If there is no such model.
    """
    models = _models(model, allow_hub)
    if model is not None:
        models.get(models.names[0])  # so that a folder that is not a model is an error before anything is served
    kept, files = Kept(every=SWEEP_SECONDS), FileQueue()
    os.environ.setdefault("GRADIO_TEMP_DIR", str(kept.folder / "gradio"))  # read when components are made
    with Page(title=TITLE, analytics_enabled=False, delete_cache=(SWEEP_SECONDS, KEPT_SECONDS)) as page:
        gr.HTML(_HEADER, padding=False)
        with gr.Tabs():
            with gr.Tab("Ask", id="ask"):
                ask = AskTab(models)
            with gr.Tab("Check an answer", id="check"):
                check = CheckTab()
            with gr.Tab("Verify a file", id="verify"):
                VerifyTab(files, kept).connect()
            with gr.Tab("Explore", id="explore"):
                explore = ExploreTab(models)
            for system in systems().values():
                if system.tab:
                    load(system.tab)()
        ask.connect(page)
        explore.connect(page)
        check.connect(page)
        Endpoints(ask, check, files).register()
    page.queue(default_concurrency_limit=4, max_size=MAX_WAITING, api_open=False)
    page.models, page.kept, page.files = models, kept, files
    return page


def _prepare(models: Models) -> None:
    """Loads the models before they are needed."""
    for name in models.names:
        models.get(name)


def serve(page: Page, port: int | None = None, share: bool = False, mcp: bool = False, **options: Any) -> Any:
    """Serves the page; returns what `gr.Blocks.launch` does.

    Args:
        page ([`Page`]): As [`build_page`] makes it.
        port (`int`, *optional*): The first free one from 7860 when not given.
        share (`bool`): Whether Gradio should open a public link to it for a while.
        mcp (`bool`): Whether agents may call its endpoints by the Model Context Protocol.
    """
    import torch

    # One question is too small to gain from a second thread, and several users ask at once.
    torch.set_num_threads(1)
    workers.start()
    # In the background, so that the page is served sooner.
    threading.Thread(target=_prepare, args=(page.models,), daemon=True).start()
    _allow_connections()

    async def leave(visit: str) -> None:
        await page.files.leave(visit)
        await page._queue.clean_events(session_hash=visit)

    is_waiting = not options.pop("prevent_thread_lock", False)
    launched = page.launch(
        server_port=port,
        share=share,
        mcp_server=mcp,
        theme=_theme(),
        css_paths=STYLE,
        head=_HEAD,
        max_file_size=MAX_UPLOAD_BYTES,
        state_session_capacity=1000,
        footer_links=["api"],
        ssr_mode=False,
        prevent_thread_lock=True,
        app_kwargs={"middleware": [Middleware(Guard, kept=page.kept, leave=leave)]},
        **options,
    )
    _limit_connections(page)
    if page.mcp_server_obj:
        write_json(page.mcp_server_obj)
    if is_waiting:
        _wait(page)
    return launched


def _limit_connections(page: gr.Blocks) -> None:
    """Sets what Gradio does not let a caller set of its server, which reads it at each connection."""
    config = page.server.config
    config.http_protocol_class = TimedProtocol
    config.timeout_keep_alive = IDLE_SECONDS
    config.limit_concurrency = MAX_CONNECTIONS


def _allow_connections() -> None:
    """Allows as many open files as the connections need, where the system does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * MAX_CONNECTIONS, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _wait(page: Page) -> None:
    """Waits until the server is stopped, and removes the files that it kept."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with suppress(ValueError):  # only the main thread has signals
        signal.signal(signal.SIGTERM, stop)
    try:
        page.block_thread()
    finally:
        page.kept.end()


def _theme() -> gr.themes.Base:
    # Fonts of the user's machine, so that nothing is loaded from other servers.
    return gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )


def _models(model: str | Path | None, allow_hub: bool) -> Models:
    if model is None:
        return Models(allow_hub=allow_hub)
    released = Models(allow_hub=allow_hub)
    if str(model) in released.folders:
        return Models((released.folders[str(model)],), allow_hub)
    if not (Path(model) / "config.json").is_file():
        raise FileNotFoundError(
            f"`--model` must be a model folder or one of {', '.join(released.names)}, got {str(model)!r}"
        )
    return Models((Path(model),), allow_hub)
