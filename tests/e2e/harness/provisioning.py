"""Answers of /relay/provision, platform by platform."""
import asyncio

from harness.connector import SECRET
from harness.http import Answer
from harness.scenario import GATEWAY_ID

ISSUED = {"secret": SECRET, "deliveryKey": "k", "tenant": "t", "gatewayId": GATEWAY_ID, "routeKeys": []}


def by_platform(**handlers):
    """Answers of /relay/provision by platform; each gets (request, how many came for that platform)."""
    counts = {}

    def handler(request):
        platform = request.json()["platform"]
        counts[platform] = counts.get(platform, 0) + 1
        return handlers[platform](request, counts[platform])
    return handler


def issues(secret, **more):
    return lambda request, count: Answer(200, {**ISSUED, "gatewayId": request.json()["gatewayId"], "secret": secret, **more})


def fails_first(broken, secret):
    """The broken answer at the first request, then a good one."""
    return lambda request, count: broken(request) if count == 1 else issues(secret)(request, count)


async def hangs(_):
    await asyncio.Event().wait()
