import type { Context } from "../../machine/context.ts";
import { amount } from "../../layout/amount.ts";
import { checksOf, type Finding, pass, skip, warn } from "../check.ts";
import { EVALUATION_MEMORY } from "../../machine/hardware/memory.ts";
import type { Facts } from "../facts.ts";

/**
 * Below 4 GiB, guests leave no room for a rebuild; of those, the kernel and the firmware keep some for
 * themselves before they are counted. Bytes.
 */
const LITTLE = 3.5 * 1024 ** 3;

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
    (available === undefined ? "" : `, ${amount(available)} available with swap`);
  if (available !== undefined && available < EVALUATION_MEMORY) {
    return warn(`only ${said}`, "a rebuild may be killed: stop a guest first, or add swap");
  }
  return total < LITTLE
    ? warn(said, "little for a host of virtual machines: add memory")
    : pass(said);
}
