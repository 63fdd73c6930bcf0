"""Hostile text stays text, and colours can be read."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from tests.browser.test_page import CARD, MODAL

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg/onload=window.hacked=1>",
    "\"><iframe srcdoc='<script>parent.hacked=1</script>'>",
    "<javascript:window.hacked=1|click me>",
    "<data:text/html,<script>alert(1)</script>|x>",
    "[click](javascript:window.hacked=1)",
    "![x](data:text/html,1)",
    "{{constructor.constructor('window.hacked=1')()}}",
    "</textarea><style>*{display:none}</style>",
    "`<b>` *<i>* _<u>_ ~<s>~ ```<script>window.hacked=1</script>```",
    "<https://ok.example/|<img src=x onerror=window.hacked=1>>",
    "\u202e right to left \u200b and\u0000nul",
]


def hostile_blocks(text: str) -> list[dict[str, Any]]:
    plain = {"type": "plain_text", "text": text[:75]}
    return [
        {"type": "header", "text": plain},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": text},
            "fields": [{"type": "mrkdwn", "text": text}],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]},
        {"type": "markdown", "text": f"# {text}\n- {text}\n\n| a | b |\n|--|--|\n| {text} | x |"},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": "a", "text": plain, "value": text[:100]},
                {
                    "type": "static_select",
                    "action_id": "s",
                    "options": [{"text": plain, "value": text[:75]}],
                },
            ],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": text},
                        {"type": "user", "user_id": text},
                        {"type": "emoji", "name": text},
                    ],
                },
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "text", "text": text}],
                },
            ],
        },
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}]]},
        {"type": "task_card", "task_id": "1", "title": text, "status": "error"},
        {"type": "image", "alt_text": text, "image_url": "https://pictures.example/x.png"},
    ]


async def test_hostile_text_is_shown_and_does_nothing(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    place: dict[str, Any] = {"channel": SUPPORT_CHANNEL}
    for text in HOSTILE:
        said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, text, raw=True)
        await ws.say(SUPPORT_CHANNEL, AUTHOR.id, text)
        blocks = hostile_blocks(text)
        await client.api_call("chat.postMessage", json={**place, "text": text, "blocks": blocks})
        await client.files_upload_v2(**place, filename="x.log", title=text, content=text)
        await client.assistant_threads_setTitle(
            channel_id=SUPPORT_CHANNEL, thread_ts=said.ts, title=text
        )
    await expect(page.locator("#timeline .message")).to_have_count(4 * len(HOSTILE))
    for tool in ("Show its JSON", "Reply in thread"):
        await page.locator(".message").first.hover()
        await page.get_by_role("button", name=tool).first.click()

    assert await page.evaluate("window.hacked") is None
    for part in ("#timeline", "#thread", "#inspector"):
        active = f"{part} :is(script, iframe, style, object, embed, [onerror], [onload])"
        assert await page.locator(active).count() == 0
        assert await page.locator(f"{part} a:not([href^=http])").count() == 0
        assert await page.locator(part).is_visible()
    for text in HOSTILE[:3]:
        assert await page.get_by_text(text, exact=True).count()


async def test_links_lead_only_to_web_and_mail(page: Page, ws: LocalWorkspace) -> None:
    await ws.say(
        SUPPORT_CHANNEL,
        AUTHOR.id,
        "<https://ok.example/?a=1&amp;b=2|fine> <javascript:alert(1)|not> <file:///etc/passwd>",
        raw=True,
    )
    links = page.locator("#timeline .content a")
    await expect(links).to_have_count(1)

    assert await links.get_attribute("href") == "https://ok.example/?a=1&b=2"
    assert await links.get_attribute("rel") == "noopener noreferrer"


async def test_a_ping_is_seen_as_one(page: Page, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="<!channel> and &lt;!here&gt;")

    await expect(page.locator(".mention.ping")).to_have_text("@channel")
    await expect(page.locator(".message")).to_contain_text("<!here>")


async def test_nothing_is_loaded_from_elsewhere(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await client.chat_postMessage(
        channel=SUPPORT_CHANNEL, text="card", blocks=hostile_blocks("picture")
    )
    await page.reload()
    await expect(page.locator(".picture")).to_contain_text("not loaded here")

    assert asked
    assert all(url.startswith((ws.hub.url, "blob:")) for url in asked)


CONTRAST = """
() => {
  const luminance = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => under.slice(0, 3).map((v, n) => top[n] * top[3] + v * (1 - top[3]));
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      layers.push(rgba(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || node.matches("option, script, noscript *")) continue;
    if (node.closest(".emoji, .skip, .visually-hidden, .tools, [hidden]")) continue;
    if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(node);
    const under = ground(node);
    const [a, b] = [luminance(over(rgba(style.color), under)), luminance(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) {
      const words = walker.currentNode.data.slice(0, 40);
      weak.push(`${ratio.toFixed(2)} ${node.className || node.tagName}: ${words}`);
    }
  }
  return weak;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_has_the_contrast_that_wcag_aa_asks_for(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient, scheme: Any
) -> None:
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "@airflow why? `code` https://x.example/")
    ws.actors.react(SUPPORT_CHANNEL, said.ts, AUTHOR.id, "eyes")
    reply = {"channel": SUPPORT_CHANNEL, "thread_ts": said.ts}
    await client.api_call("chat.postMessage", json={**reply, "text": "x", "blocks": CARD})
    await client.chat_postMessage(channel=SUPPORT_CHANNEL, text="<!here> `x` &lt;b&gt;")
    await client.chat_postEphemeral(channel=SUPPORT_CHANNEL, user=AUTHOR.id, text="only you `x`")
    await client.files_upload_v2(channel=SUPPORT_CHANNEL, filename="x.log", content="line")
    await page.locator(".replies").click()
    await page.locator('[data-focus="inspector"]').click()
    assert await page.evaluate(CONTRAST) == []
    await page.get_by_role("tab", name="Faults").click()
    assert await page.evaluate(CONTRAST) == []
    await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=MODAL)
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.evaluate(CONTRAST) == []
