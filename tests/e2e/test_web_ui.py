"""What an operator sees in Temporal's Web UI, in a real browser."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.recorder import CREATOR, Recorder
from tests.fixtures.world import RunningWorld

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="no Chromium on this machine: apt-get install chromium"
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    opened = await browser.new_page(viewport={"width": 1800, "height": 1000})
    opened.set_default_timeout(20_000)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def complete(door: httpx.AsyncClient) -> Recorder:
    recorder = Recorder(door, "shown", chunks=2, chunk_s=1.3)
    for chunk in recorder.chunks:
        await recorder.send(chunk)
    await recorder.until_complete()
    return recorder


@pytest.fixture(scope="module")
async def recording(door: httpx.AsyncClient) -> Recorder:
    """A stream that goes on: its chunk 1 is missing, and the last one has not come."""
    recorder = Recorder(door, "live", chunks=4, chunk_s=1.4)
    for chunk in (recorder.chunks[0], recorder.chunks[2]):
        await recorder.send(chunk)
    return recorder


def workflows(world: RunningWorld) -> str:
    ready = world.ready
    return f"{ready.temporal_ui}/namespaces/{ready.namespace}/workflows"


async def test_the_list_shows_creator_and_state(
    page: Page, world: RunningWorld, complete: Recorder, recording: Recorder
) -> None:
    await page.goto(workflows(world))
    await page.get_by_role("button", name="Configure Columns").click()
    for column in ("RtaCreator", "RtaState"):
        await page.get_by_role("button", name=f"Add {column} column").click()
    await page.get_by_test_id("drawer-close-button").click()
    for recorder, state in ((complete, "complete"), (recording, "recording")):
        row = page.get_by_role("row").filter(has_text=f"rta:{recorder.rta_id}")
        await expect(row).to_contain_text(CREATOR)
        await expect(row).to_contain_text(state)


async def test_the_list_can_be_filtered_by_state(
    page: Page, world: RunningWorld, complete: Recorder, recording: Recorder
) -> None:
    await page.goto(f"{workflows(world)}?query=RtaState%3D%22recording%22")
    await expect(page.get_by_role("link", name=f"rta:{recording.rta_id}")).to_be_visible()
    await expect(page.get_by_role("link", name=f"rta:{complete.rta_id}")).to_have_count(0)


async def test_the_page_of_a_live_stream_shows_its_details(
    page: Page, world: RunningWorld, recording: Recorder
) -> None:
    await page.goto(workflows(world))
    await page.get_by_role("link", name=f"rta:{recording.rta_id}").click()
    await page.get_by_role("tab", name="User Metadata").click()
    summary, details = (page.frame_locator("iframe").nth(n).locator("body") for n in (0, 1))
    await expect(summary).to_have_text(f"{recording.rta_id} by {CREATOR}")
    await expect(details.locator("strong").first).to_have_text("recording")
    await expect(details).to_contain_text("2 received")
    await expect(details.get_by_role("listitem").filter(has_text="Creator")).to_contain_text(
        CREATOR
    )
    missing = details.get_by_role("listitem").filter(has_text="Missing of session")
    await expect(missing).to_have_text(re.compile(r": 1$"))


async def test_the_page_of_a_stream_names_chunks_in_its_activities(
    page: Page, world: RunningWorld, complete: Recorder
) -> None:
    await page.goto(workflows(world))
    await page.get_by_role("link", name=f"rta:{complete.rta_id}").click()
    timeline = page.locator("body")
    for chunk in complete.chunks:
        await expect(timeline).to_contain_text(chunk.chunk_id)
    await page.get_by_role("tab", name="Search Attributes").click()
    await expect(timeline).to_contain_text("RtaState")
    await expect(timeline).to_contain_text("complete")
