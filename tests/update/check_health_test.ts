import { deepEqual, match, rejects } from "node:assert/strict";
import { requireGoOn } from "../../lib/update/check_health.ts";
import { CHECKS } from "../../lib/validate/registry.ts";
import { fail, type Finding, pass, skip, warn } from "../../lib/validate/check.ts";
import type { Report } from "../../lib/validate/validate.ts";
import { testContext } from "../support/context.ts";

const BLOCKING = CHECKS.filter(({ blocksUpdate }) => blocksUpdate);
const OTHER = CHECKS.filter(({ blocksUpdate }) => !blocksUpdate);

function report(checks: typeof CHECKS, finding: Finding): Report {
  return { quick: true, results: checks.map((check) => ({ ...finding, check, milliseconds: 1 })) };
}

Deno.test("requireGoOn() stops for failed checks that block, and for nothing else", async () => {
  const ctx = testContext();
  for (const fine of [pass("well"), warn("hm", "look"), skip("no")]) {
    await requireGoOn(ctx, report(CHECKS, fine), { yes: false });
  }
  await requireGoOn(ctx, report(OTHER, fail("broken", "mend it")), { yes: false });
  deepEqual(ctx.lines, []);
  const [one, two] = BLOCKING;
  await rejects(requireGoOn(ctx, report([one!], fail("broken", "mend it")), { yes: false }), {
    name: "ToolError",
    code: 6,
    message: `a check fails that should stop an update: ${one!.id}`,
  });
  await rejects(
    requireGoOn(ctx, report([one!, two!], fail("broken", "mend it")), { yes: false }),
    { message: `checks fail that should stop an update: ${one!.id}, ${two!.id}` },
  );
});

Deno.test("requireGoOn() goes on with --yes, and says past what", async () => {
  const ctx = testContext();
  await requireGoOn(ctx, report(BLOCKING, fail("broken", "mend it")), { yes: true });
  match(ctx.messages("warn").join(), /going on, as --yes says/);
});
