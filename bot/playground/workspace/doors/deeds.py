"""Every deed of the control API by its name in the address."""

from __future__ import annotations

from bot.playground.workspace.doors import operator_deeds as o
from bot.playground.workspace.doors import personal_deeds as p
from bot.playground.workspace.doors.stage import Deed

DEEDS: dict[str, type[Deed]] = {
    "act_in_view": p.ActInView,
    "channel": o.SetChannel,
    "clear_faults": o.ClearFaults,
    "close_view": p.CloseView,
    "command": p.Command,
    "delete": p.Delete,
    "delivery": o.SetDelivery,
    "direct": p.Direct,
    "disconnect": o.Disconnect,
    "edit": p.Edit,
    "event": o.SendEvent,
    "fault": o.AddFault,
    "home": p.OpenHome,
    "look": p.LookAt,
    "membership": p.Membership,
    "person": o.SetPerson,
    "press": p.Press,
    "react": p.React,
    "read_lag": o.SetReadLag,
    "release": o.Release,
    "reset": o.ResetAll,
    "say": p.Say,
    "shortcut": p.UseShortcut,
    "stop": p.Stop,
    "submit": p.Submit,
    "suggest": p.Suggest,
    "upload": p.Upload,
}
