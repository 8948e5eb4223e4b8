import type { Context } from "../../machine/context.ts";
import { amount } from "../../layout/amount.ts";
import { checksOf, type Finding, pass, skip, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

const GIB = 1024 ** 3;
/** Evaluating a NixOS takes about 1 GiB; below these, guests leave no room for it. Bytes. */
const LITTLE = 4 * GIB;
const NEEDED = 1 * GIB;

/** Memory for guests, and for the next rebuild. */
export const memoryChecks = checksOf("Resources", [{
  id: "memory",
  title: "memory",
  severity: "warning",
  check: memory,
}]);

function memory(_ctx: Context, facts: Facts): Finding {
  const found = facts.hardware().memory;
  if (found === undefined) return skip("/proc/meminfo cannot be read");
  const { total, available } = found;
  const said = `${amount(total)}` +
    (available === undefined ? "" : `, ${amount(available)} available`);
  if (available !== undefined && available < NEEDED) {
    return warn(`only ${said}`, "a rebuild may be killed: stop a guest first, or add swap");
  }
  return total < LITTLE
    ? warn(said, "little for a host of virtual machines: add memory")
    : pass(said);
}
