#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the Xen lab does what Ebb's run there leans on, without any part of Ebb: a PV guest boots; load is
steered; vCPUs come and go; memory, cap, pause, save, restore; a live migration between the hosts. Prints what it
measured. Leaves the lab as it found it: one that was down is taken down again."""

import signal
import sys
import time

from xen_lab import XenLab, XenLabError

VM, NUMBER = "selftest", 101

begun = time.monotonic()


def passed(text):
    print(f"{time.monotonic() - begun:7.2f} s  {text}", flush=True)


def await_(what, probe, seconds=90):
    """Returns how long it took."""
    start, last = time.monotonic(), None
    while time.monotonic() < start + seconds:
        try:
            if probe():
                return time.monotonic() - start
        except XenLabError as error:
            last = error
        time.sleep(0.2)
    raise XenLabError(f"{what} did not happen within {seconds} s" + (f" ({last})" if last else ""))


def timed(call, *arguments, **options):
    start = time.monotonic()
    call(*arguments, **options)
    return time.monotonic() - start


def figures(text):
    return dict((part.strip() for part in line.split(":", 1)) for line in text.splitlines() if ":" in line)


def used(host):
    """The guest's CPU time in seconds."""
    return float(figures(host.virsh("dominfo", VM))["CPU time"].removesuffix("s"))


def measured(host, seconds=6):
    """Its use of CPU time, in percent of one CPU."""
    start, before = time.monotonic(), used(host)
    time.sleep(seconds)
    return 100 * (used(host) - before) / (time.monotonic() - start)


def expect(low, high, value, what):
    if not low <= value <= high:
        raise XenLabError(f"{what}: {value:.0f} is not within {low} to {high}")
    passed(f"{what}: {value:.0f} %")


def state(host):
    return host.virsh("domstate", VM)


def operations(lab, host):
    passed(f"a PV guest is defined and started in {define_and_start(host):.2f} s")
    passed(f"it has booted {await_('the boot', lambda: lab.processors(VM) == 1):.2f} s later")
    control = figures(host.virsh("dominfo", "Domain-0"))
    passed(f"Domain-0 is a domain like others: {control['CPU time']} of CPU time, {control['CPU(s)']} vCPU")

    lab.load(VM, 95)
    time.sleep(2)
    expect(60, 115, measured(host), "95 % of a vCPU asked for, measured")
    for size in (2, 1, 2):
        took = timed(host.virsh, "setvcpus", VM, str(size), "--live")
        after = await_(f"the guest's {size} vCPUs", lambda size=size: lab.processors(VM) == size)
        passed(f"setvcpus {size} took {took:.2f} s, the guest has {size} after {after:.2f} s more")
    host.virsh("setmem", VM, "131072", "--live")
    took = await_("the balloon", lambda: figures(host.virsh("dominfo", VM))["Used memory"].startswith("1310"))
    passed(f"its memory went from 160 to 128 MiB in {took:.2f} s")
    lab.load(VM, 95)
    host.virsh("schedinfo", VM, "--set", "cap=40")
    time.sleep(2)
    expect(25, 55, measured(host), "under a cap of 40 %, measured")
    host.virsh("schedinfo", VM, "--set", "cap=0")

    took = timed(host.virsh, "suspend", VM)
    expect(0, 1, measured(host, 2), f"suspended in {took:.2f} s ({state(host)}), measured")
    passed(f"resumed in {timed(host.virsh, 'resume', VM):.2f} s ({state(host)})")
    took = timed(host.virsh, "managedsave", VM, seconds=120)
    passed(f"saved in {took:.2f} s ({state(host)})")
    took = timed(host.virsh, "start", VM, seconds=120)
    after = await_("the guest after its restore", lambda: lab.processors(VM) == 2)
    passed(f"restored in {took:.2f} s, answers {after:.2f} s later, with 2 vCPUs")


def define_and_start(host):
    host.define(VM, NUMBER)
    return timed(host.virsh, "start", VM)


def migration(lab, source, target):
    lab.load(VM, 60)
    before = used(source)
    took = timed(
        source.virsh, "migrate", "--live", "--p2p", "--persistent", "--undefinesource", VM, target.uri,
        f"tcp://{target.address}", seconds=180)
    passed(f"migrated live, under load, from {source.name} to {target.name} in {took:.2f} s")
    vm = target.virsh("domuuid", VM)
    if lab.where(vm) != [target.name]:
        raise XenLabError(f"it is defined on {lab.where(vm)}, not on {target.name} alone")
    passed(f"its CPU time went from {before:.1f} s to {used(target):.1f} s: counted from zero there")
    target.virsh("setvcpus", VM, "1", "--live")
    await_("the guest's shrinking on the target", lambda: lab.processors(VM) == 1)
    passed("shrunk to 1 vCPU on the target")
    target.virsh("shutdown", VM)
    passed(f"shut down by request in {await_('its end', lambda: state(target) == 'shut off'):.2f} s")


def forget(lab):
    for host in lab.hosts.values():
        for words in (["destroy", VM], ["undefine", VM, "--managed-save"], ["undefine", VM]):
            try:
                host.virsh(*words)
            except XenLabError:
                pass  # Not there, or not in that state.


def main():
    lab = XenLab()
    was_up = any(host.pid() for host in lab.hosts.values())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        if not was_up:
            lab.up()
            passed("both hosts answer")
        forget(lab)
        source, target = lab.hosts.values()
        operations(lab, source)
        migration(lab, source, target)
    except KeyboardInterrupt:
        sys.exit(130)
    except XenLabError as error:
        sys.exit(f"selftest: FAILED: {error}")
    finally:
        if was_up:
            forget(lab)
        else:
            lab.down()
    passed("nothing is left")


if __name__ == "__main__":
    main()
