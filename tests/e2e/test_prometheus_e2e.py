"""A real Prometheus scrapes all services while the demo plays; then every query of the dashboard has data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.grafana.board import BOARD
from services.installation import Home
from tests.support.catalogue import exported, families
from tests.support.prometheus import Prometheus, prometheus

pytestmark = pytest.mark.timeout(600)

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
SYMPOSIA = (sys.executable, "-c", "from services.cli import main; main()")
SERVICES = {"gateway", "ingest", "enrichment", "scoring"}
EXPRESSIONS = {
    f"{panel.title}: {query.legend}": query.expression for row in BOARD for panel in row.panels for query in panel.queries
}
READY_SECONDS = 120
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title><link>http://blog.example</link>
<item><guid>post-1</guid><title>One</title><author>ann</author><pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate></item>
</channel></rss>"""
DEMO_SECONDS = 300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def urls(home: Path) -> Iterator[Mapping[str, str]]:
    with running(home) as found:
        yield found


@pytest.fixture(scope="module")
def scraping(home: Path, urls: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Scrape from before the demo until after it, with a target that waits and a blog; let each door refuse something."""
    targets = {service: urlsplit(url).netloc for service, url in urls.items()}
    with prometheus(tmp_path_factory.mktemp("prometheus"), targets, ALERTS) as observer:
        observer.await_sample(f"sum(up) == {len(SERVICES)}")
        symposia(home, "forwarding", "add", "elsewhere", "https://lrs.example.org/xapi", "--key", "ours", "--paused")
        with blog(tmp_path_factory.mktemp("blog")) as address:
            symposia(home, "source", "add", "blog", "feed", address, "--option", f"feed={address}/feed.xml")
            symposia(home, "demo")
            refuse(urls)
            yield observer


@contextmanager
def blog(folder: Path) -> Iterator[str]:
    """Serve a blog that has to be asked for, on this machine; yield its address."""
    (folder / "feed.xml").write_text(FEED, encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(server.serve_forever)
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.result()


@contextmanager
def running(home: Path) -> Iterator[Mapping[str, str]]:
    """Run `symposia up` in a process of its own, on free ports."""
    log = home.parent / f"{home.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*SYMPOSIA, "up", "--home", str(home), "--port", "0"], env=environment(), stdout=output, stderr=output
        )
        try:
            yield await_urls(home, process, log)
        finally:
            process.terminate()
            process.wait(60)


def await_urls(home: Path, process: subprocess.Popen[bytes], log: Path) -> Mapping[str, str]:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = Home.at(home).running()
        if found is not None and found.urls:
            return found.urls
        time.sleep(0.1)
    raise AssertionError(f"symposia up is not ready:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def symposia(home: Path, *command: str) -> None:
    ran = subprocess.run(
        [*SYMPOSIA, *command, "--home", str(home)],
        env={**environment(), "SYMPOSIA_FORWARDING_SECRET": "secret"},
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def environment() -> dict[str, str]:
    """Return the environment without what would set another installation up; the blog is on this machine."""
    kept = {name: value for name, value in os.environ.items() if not re.match(r"SYMPOSIA_|DATABASE_URL$", name)}
    return {**kept, "SYMPOSIA_INGEST__ASKING__PRIVATE_NETWORK": "true"}


def refuse(urls: Mapping[str, str]) -> None:
    """Send what the doors refuse: a key that was never issued, and a delivery that nobody signed."""
    versioned = {"X-Experience-API-Version": "1.0.3"}
    with httpx.Client(trust_env=False) as client:
        keyless = client.get(f"{urls['gateway']}/xapi/statements", auth=("nobody", "nothing"), headers=versioned)
        unsigned = client.post(f"{urls['ingest']}/hooks/slack/nowhere", json={})

    assert (keyless.status_code, unsigned.status_code) == (401, 404)


def metrics_of(url: str) -> str:
    return httpx.get(f"{url}/metrics", trust_env=False).text


def series(url: str) -> set[str]:
    """Return the names of the services' own series at a `/metrics`."""
    names = re.findall(r"^(symposia_\w+)", metrics_of(url), re.MULTILINE)
    return {name for name in names if not name.endswith("_created")}


def test_all_services_are_scraped(scraping: Prometheus) -> None:
    up = {sample.labels["job"] for sample in scraping.query("up == 1")}

    assert up == SERVICES


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_query_of_the_dashboard_has_data(scraping: Prometheus, name: str) -> None:
    expression = EXPRESSIONS[name].replace("$__rate_interval", "10m").replace("$__range", "30m")

    samples = scraping.await_sample(expression, 10)

    assert samples


def test_what_is_exported_is_what_the_catalogue_says(scraping: Prometheus, urls: Mapping[str, str]) -> None:
    found = set().union(*(series(url) for url in urls.values()))
    announced = {name for url in urls.values() for name in re.findall(r"# HELP (symposia_\w+)", metrics_of(url))}

    assert found <= exported()
    assert families().keys() <= announced


def test_no_alert_but_the_watchdog_fires_where_all_is_well(scraping: Prometheus) -> None:
    scraping.await_sample('ALERTS{alertname="Watchdog",alertstate="firing"}')

    firing = set(scraping.alerts())

    assert firing - {"TargetAbsent"} == {"Watchdog"}  # no node exporter runs here
