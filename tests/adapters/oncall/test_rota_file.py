"""The rota file: what it may say, and every fault at once with its place and remedy."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.oncall.rota_file import read_rota
from bot.domain.errors import OnCallError
from bot.domain.oncall import Responder
from tests.adapters.oncall.rotas import utc

YEAR = timedelta(days=365)
# Ten parts that each refer ten times to the one before.
LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 10)
)
ROTA = """\
timezone: Europe/Berlin
people:
  dana: {slack: U0DANA001, email: Dana@example.com, name: Dana D.}
  kim: {slack: U0KIM0002}
levels:
  - layers:
      - people: [kim]
        turn: 1 day
        handover: 10:00
        start: 2026-01-05
        only: mon-fri 09:00-17:00
      - people: [dana, kim]
        handover: monday 09:00
        start: 2026-01-05
overrides:
  - {person: kim, from: 2026-12-24 18:00, to: 2026-12-26 09:00, for: dana}
"""


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(OnCallError) as caught:
        read_rota(text, "rota.yaml")
    return caught.value.faults


def test_a_rota_is_read() -> None:
    [level] = read_rota(ROTA, "rota.yaml").levels
    office, always = level.layers
    dana = Responder("Dana D.", "U0DANA001", "dana@example.com")
    assert always.people == (dana, Responder("kim", "U0KIM0002"))
    assert (office.rotation.length, always.rotation.length) == (
        timedelta(days=1),
        timedelta(weeks=1),
    )
    assert office.rotation.begin(0) == utc("2026-01-05 09:00")
    [override] = level.overrides
    assert (override.start, override.end) == (utc("2026-12-24 17:00"), utc("2026-12-26 08:00"))
    assert override.stands_in_for == dana


def test_a_layer_may_have_a_zone_of_its_own() -> None:
    text = ROTA.replace("        turn: 1 day\n", "        turn: 1 day\n        timezone: UTC\n")
    [level] = read_rota(text, "rota.yaml").levels
    assert level.layers[0].rotation.begin(0) == utc("2026-01-05 10:00")
    assert level.layers[1].rotation.begin(0) == utc("2026-01-05 08:00")


def test_an_override_may_say_its_offset() -> None:
    [level] = read_rota(ROTA.replace("24 18:00", "24T18:00-05:00"), "rota.yaml").levels
    assert level.overrides[0].start == utc("2026-12-24 23:00")


def test_the_example_of_the_readme_is_a_rota_without_gaps() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    [text] = re.findall(r"```yaml\n(# rota\.yaml\n.+?)```", readme.read_text(), re.DOTALL)
    rota = read_rota(text, "rota.yaml")
    turns = [list(rota.turns(level, utc("2026-08-01 00:00"), YEAR)) for level in (1, 2)]
    assert all(turn.responders for level in turns for turn in level)
    assert {who.user_id for level in turns for turn in level for who in turn.responders} == {
        "U0DANA001",
        "U0KIM0002",
        "U0LEE0003",
    }
    christmas = utc("2026-12-25 11:00")  # in office hours, but for the override
    [shift] = [turn for turn in turns[0] if turn.start <= christmas < turn.end]
    assert [who.name for who in shift.responders] == ["lee"]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("Europe/Berlin", "Europe/Brlin", "timezone", "'Europe/Brlin' is not a time zone"),
        ("timezone: Europe/Berlin", "", "timezone", "is missing. Use a name such as"),
        ("U0DANA001", "dana", "people.dana.slack", "'dana' is not the id of a Slack user"),
        ("slack: U0KIM0002", "slak: U0KIM0002", "people.kim.slak", "Did you mean slack?"),
        ("{slack: U0KIM0002}", "U0KIM0002", "people.kim", "must be a section with keys"),
        ("Dana@example.com", "Dana", "people.dana.email", "is not an e-mail address"),
        ("[dana, kim]", "[dana, kimm]", "levels.1.layers.2.people.2", "Did you mean kim?"),
        ("[dana, kim]", "[]", "levels.1.layers.2.people", "is empty"),
        ("[dana, kim]", "dana", "levels.1.layers.2.people", "must be a list"),
        ("1 day", "1 fortnight", "levels.1.layers.1.turn", "'1 fortnight' is no length"),
        ("1 day", "0 days", "levels.1.layers.1.turn", "'0 days' is no length"),
        ("10:00", "25:00", "levels.1.layers.1.handover", "no time of the day in '25:00'"),
        ("10:00", "monday 10:00", "levels.1.layers.1.handover", "Write the time alone"),
        ("monday 09:00", "09:00", "levels.1.layers.2.handover", "names no day of the week"),
        ("monday 09:00", "moonday 09:00", "levels.1.layers.2.handover", "in 'moonday'"),
        ("mon-fri 09", "mon-fry 09", "levels.1.layers.1.only.1", "in 'fry'"),
        ("09:00-17:00", "09:00-09:00", "levels.1.layers.1.only.1", "ends when it starts"),
        ("2026-12-26 09:00", "2026-12-24 09:00", "overrides.1.to", "is not after from"),
        ("2026-12-26 09:00", "Boxing Day", "overrides.1.to", "'Boxing Day' is no time"),
        ("for: dana", "for: bob", "overrides.1.for", "'bob' is not one of the people"),
        ("for: dana", "level: 2", "overrides.1.level", "'2' is not one of the levels"),
        ("for: dana", "level: high", "overrides.1.level", "must be a whole number"),
        ("overrides:", "override:", "override", "Did you mean overrides?"),
        ("  - layers:", "  - layer:", "levels.1.layer", "Did you mean layers?"),
    ],
)
def test_a_fault_names_its_key_its_value_and_the_remedy(
    old: str, new: str, key: str, says: str
) -> None:
    found = [line for line in faults(ROTA.replace(old, new, 1)) if line.startswith(f"{key} (")]
    assert len(found) == 1
    assert re.match(rf"{re.escape(key)} \(rota\.yaml(, line \d+)?\): ", found[0])
    assert says in found[0]
    assert found[0].endswith((".", "?"))


def test_a_start_on_another_day_than_the_handover_names_the_days_that_would_do() -> None:
    text = ROTA.replace("handover: monday 09:00\n        start: 2026-01-05", "x")
    text = text.replace("        x", "        handover: monday 09:00\n        start: 2026-01-07")
    [fault] = faults(text)
    assert "is a Wednesday" in fault
    assert "Write 2026-01-05 or 2026-01-12" in fault


def test_all_faults_are_named_at_once_as_the_file_goes() -> None:
    text = ROTA.replace("U0DANA001", "dana").replace("1 day", "1 dya").replace("dana, kim", "x, y")
    text = text.replace("18:00, to", "18:00, two")
    assert [line.split(" (")[0] for line in faults(text)] == [
        "people.dana.slack",
        "levels.1.layers.1.turn",
        "levels.1.layers.2.people.1",
        "levels.1.layers.2.people.2",
        "overrides.1.to",
        "overrides.1.two",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no keys"),
        ("- a\n- b", "holds no keys"),
        ("a: [", "rota.yaml, line 1: is not valid YAML"),
        ("a: b\n\tc: d", "rota.yaml, line 2: is not valid YAML"),
        ("x" * 200_001, "too long"),
        (LAUGHS, "holds too much"),
        ("people: &all\n  all: *all\n", "holds too much"),
    ],
)
def test_what_is_no_rota_at_all_is_said_in_a_line(text: str, says: str) -> None:
    assert any(says in line for line in faults(text))


def test_a_key_written_twice_is_a_fault() -> None:
    text = ROTA.replace("        turn: 1 day\n", "        turn: 1 day\n        turn: 1 week\n")
    assert faults(text) == (
        "levels.1.layers.1.turn (rota.yaml, line 8): is written twice, again in line 9. "
        "Keep one of them.",
    )


def test_a_fault_stays_one_line_whatever_the_file_holds() -> None:
    [fault] = faults(ROTA.replace("Europe/Berlin", '"a\\nb\\u202e"'))
    assert len(fault.splitlines()) == 1
    assert "\u202e" not in fault
