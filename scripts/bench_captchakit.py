"""Times captchakit 1.0.1 at the work that `cargo bench --bench self_hosted` times here.

Prints a line for each: a name, the median in microseconds, and bytes where they matter. With the
URL of a Redis server, prints how many challenges a second 64 tasks issue and answer there, as
`cargo bench --bench shared` counts them. Needs `pip install 'captchakit[image,redis]==1.0.1'`.
"""

import asyncio
import statistics
import sys
import time
import tracemalloc

from captchakit import CaptchaManager
from captchakit.challenges.base import ChallengeSpec
from captchakit.challenges.text import TextChallengeFactory
from captchakit.renderers.audio import AudioRenderer
from captchakit.renderers.image import ImageRenderer
from captchakit.renderers.svg import SVGRenderer
from captchakit.storage.memory import MemoryStorage

ANSWER = "XK7QW"


class Known:
    """Always the same challenge, as the benchmark here has it."""

    async def create(self):
        return ChallengeSpec(prompt=ANSWER, solution=ANSWER)


class Undrawn:
    """Draws nothing."""

    content_type = "image/png"

    async def render(self, challenge):
        return b""


def manager(renderer, factory=None):
    return CaptchaManager(
        factory=factory or Known(), renderer=renderer, storage=MemoryStorage()
    )


async def timed(name, work, rounds, extra=""):
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await work()
        times.append(time.perf_counter() - started)
    print(f"{name}\t{statistics.median(times) * 1e6:.1f}\t{extra}")


async def main():
    for name, renderer in [
        ("render png", ImageRenderer()),
        ("render svg", SVGRenderer()),
        ("render wav", AudioRenderer(tone_ms=200, gap_ms=100)),
    ]:
        kit = manager(renderer)
        identifier, picture = await kit.issue()
        challenge = await kit.storage.get(identifier)
        await timed(name, lambda: renderer.render(challenge), 200, f"{len(picture)} bytes")

    drawn = manager(ImageRenderer())

    async def turn():
        identifier, _ = await drawn.issue()
        assert await drawn.verify(identifier, ANSWER)

    await timed("issue and verify, PNG", turn, 200)

    undrawn = manager(Undrawn(), TextChallengeFactory())
    await timed("issue, undrawn", undrawn.issue, 20_000)

    tracemalloc.start()
    kept = manager(Undrawn(), TextChallengeFactory())
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(20_000):
        await kept.issue()
    after, _ = tracemalloc.get_traced_memory()
    print(f"kept\t\t{(after - before) / 20_000:.0f} bytes")


async def shared(url):
    from captchakit.storage.redis import RedisStorage
    from redis.asyncio import Redis

    kit = CaptchaManager(
        factory=Known(), renderer=Undrawn(), storage=RedisStorage(Redis.from_url(url))
    )
    started = time.perf_counter()
    done = 0

    async def caller():
        nonlocal done
        while time.perf_counter() - started < 5:
            identifier, _ = await kit.issue()
            assert await kit.verify(identifier, ANSWER)
            done += 1

    await asyncio.gather(*(caller() for _ in range(64)))
    print(done / (time.perf_counter() - started))


asyncio.run(shared(sys.argv[1]) if len(sys.argv) > 1 else main())
