-- SPDX-License-Identifier: Apache-2.0

-- Until now Xen got such a cap rounded up to hundredths of a core; now it is refused. What was asked becomes what holds.
UPDATE inventory.domain d SET cpu_cap_ppm = (d.cpu_cap_ppm + 9999) / 10000 * 10000
    FROM inventory.host h WHERE h.id = d.host AND h.uri LIKE 'xen%' AND d.cpu_cap_ppm % 10000 <> 0;
