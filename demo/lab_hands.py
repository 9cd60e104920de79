# SPDX-License-Identifier: Apache-2.0
"""What people do by hand beside Ebb, on real hosts: a definition that a migration leaves behind, a host that is emptied."""

from lab import HOSTS
from stack import StackError, wait_until


def require(condition, what):
    if not condition:
        raise StackError(what)


def leave_definition_behind(demo, name, source, target):
    """virsh moves a VM and leaves its definition: Ebb follows the VM, and neither starts nor deletes it a second time."""
    vm = demo.ids[name]
    demo.lab.virsh(
        source, "migrate", "--live", "--p2p", "--persistent", "--abort-on-error", "--unsafe", vm, demo.lab.uri(target),
        f"tcp://{HOSTS[target]}")
    require(demo.lab.where(vm) == sorted([source, target]), f"{name} should be defined on both hosts")
    wait_until(f"Ebb's own sight of {name} on {target}", lambda: demo.vm(name)["host"] == target, 30)
    shown = wait_until("its copy's mention", lambda: (seen := demo.vm(name)) if seen_copy(demo, name, source) else None, 30)
    require(shown["state"] in ("running", "blocked"), f"{name} runs, and Ebb says {shown['state']}")
    demo.say(f"  {name}: {shown['state']} on {shown['host']}; {shown['copies']}")
    for order in (["start", name], ["delete", name, "--yes"]):
        told = refusal(demo, *order)
        require(order[0] == "start" or told is not None, f"{name} was deleted while it runs on {target}")
        states = {host: demo.lab.virsh(host, "domstate", vm) for host in (source, target)}
        require(states == {source: "shut off", target: "running"}, f"after {order[0]}: {states}")
        demo.say(f"  vm {order[0]}: {told or 'it runs already'}")
    demo.lab.virsh(source, "undefine", vm)
    wait_until("the copy's end", lambda: demo.vm(name)["copies"] is None, 30)


def seen_copy(demo, name, host):
    return f"shutoff on {host}" in (demo.vm(name)["copies"] or "")


def refusal(demo, *order):
    """What the administrator is told; `None` if it was done."""
    try:
        demo.admin("vm", *order, "--tenant", "acme")
        return None
    except StackError as error:
        return str(error)


def empty_host(demo, name, source, target):
    """A VM that is off leaves a host in drain too: its definition goes where there is room for it."""
    vm = demo.ids[name]
    done = demo.tenant("vm", "shutdown", name, "--force", "--yes")
    require(done["state"] == "succeeded", f"{name} did not stop: {done}")
    demo.admin("host", "drain", source)
    wait_until(f"{name}'s way to {target}", lambda: demo.lab.where(vm) == [target], 120)
    wait_until("Ebb's own sight of it", lambda: demo.vm(name)["host"] == target, 30)
    require(demo.vm(name)["state"] == "shutoff", f"{name} is off, and Ebb says {demo.vm(name)['state']}")
    demo.say(f"  {name}: off, and defined on {target} alone")
    demo.admin("host", "enable", source)
