import { deepEqual, equal } from "node:assert/strict";
import { checksOf, denied, fail, pass, skip, some, warn } from "../../lib/validate/check.ts";

Deno.test("some() names the first few and counts the rest", () => {
  const items = ["a", "b", "c", "d"];
  deepEqual(
    [some([]), some(["a"]), some(items.slice(0, 3)), some(items), some(items, 1)],
    ["", "a", "a, b, c", "a, b, c and 1 more", "a and 3 more"],
  );
});

Deno.test("checksOf() fills in what is usual, and lets each check say otherwise", () => {
  const check = () => pass("fine");
  const [usual, own] = checksOf("system" as never, [
    { id: "a", title: "A", check },
    { id: "b", title: "B", check, severity: "warning", quick: false, group: "other" as never },
  ]);
  deepEqual([usual!.severity, usual!.quick, usual!.blocksUpdate, usual!.group], [
    "error",
    true,
    false,
    "system",
  ]);
  deepEqual([own!.severity, own!.quick, own!.group], ["warning", false, "other"]);
});

Deno.test("findings say what to do only where there is something to do", () => {
  deepEqual(warn("w", "do it"), { status: "warn", detail: "w", remedy: "do it" });
  deepEqual(fail("f", "do it", ["x"]), {
    status: "fail",
    detail: "f",
    remedy: "do it",
    items: ["x"],
  });
  deepEqual(skip("why"), { status: "skip", detail: "why" });
  equal(denied("/root").denied, true);
  equal(pass("p").remedy, undefined);
});
