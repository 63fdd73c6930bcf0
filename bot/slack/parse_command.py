"""Reads the slash command: a question with its intent, or the wish for a form to ask it in."""

from __future__ import annotations

from bot.domain.questions import Question, ThreadKey
from bot.slack.arrivals import Arrival, Command, FormWanted, Identity, Ignored, Place
from bot.slack.plain import flatten_mrkdwn
from bot.slack.reading import Reading, asker_of
from bot.slack.shapes import CommandForm
from bot.slack.subcommands import is_command, subcommand_of


def read_command(form: CommandForm, reading: Reading, bot: Identity) -> Arrival:
    """`/airflow why orders` asks; `/airflow why` alone wants the form. What begins with no command
    is a question in words, where it is more than a word; answered, like help, to nobody else."""
    if form.command != reading.command:
        return Ignored(f"command {form.command}, ours is {reading.command}")
    flat = flatten_mrkdwn(form.text or "", bot.user_id)
    word, _, rest = flat.text.partition(" ")
    subcommand, nearest = subcommand_of(word)
    is_free = not is_command(word) and not nearest and bool(rest.strip() or flat.links)
    words = reading.clean(flat.text if is_free else rest.strip())
    mistyped = not (is_free or is_command(word))
    place = Place(
        channel=form.channel_id,
        user=form.user_id,
        response_url=form.response_url,
        is_private=subcommand.is_private,
        echo=reading.clean(f"{reading.command} {flat.text}".strip()),
        mistyped=(reading.clean(word), nearest) if mistyped else (),
    )
    if subcommand.needs_words and not words and not flat.links:
        return FormWanted(form.trigger_id, subcommand.intent, place)
    made_up = f"command-{form.trigger_id}"
    question = Question(
        id=f"{bot.team_id}:{form.channel_id}:{made_up}",
        origin=reading.origin,
        asker=asker_of(form.user_id, form.team_id or "", bot),
        thread=ThreadKey(bot.team_id, form.channel_id, made_up),
        message_ts=made_up,
        text=words,
        asked_at=reading.now(),
        links=tuple(reading.redact(link) for link in flat.links),
        intent=None if is_free else subcommand.intent,
    )
    return Command(question, place, form.trigger_id)
