import { equal, match, ok } from "node:assert/strict";
import { beyondBound, Turns } from "../../lib/git/bounds.ts";
import { ExitCode } from "../../lib/machine/exit_code.ts";

Deno.test("Turns lets timers have their turn in work that never waits, and costs little that is short", async () => {
  const turns = new Turns();
  equal(turns.due, undefined, "it has only begun");
  let rang = false;
  setTimeout(() => rang = true, 0);
  let waited = 0;
  for (let steps = 0; !rang; steps++) {
    const due = turns.due;
    if (due === undefined) continue;
    waited++;
    await due;
  }
  ok(waited > 0);
});

Deno.test("beyondBound() is a refusal that names what is too much", () => {
  const error = beyondBound("the list does not end");
  equal(error.code, ExitCode.Configuration);
  match(error.message, /^what the server sends is refused: the list does not end$/);
  match(error.hint!, /^nothing was changed/);
});
