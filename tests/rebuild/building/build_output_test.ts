import { deepEqual, equal, ok } from "node:assert/strict";
import { BuildOutput } from "../../../lib/rebuild/building/build_output.ts";
import { testContext } from "../../support/context.ts";

Deno.test("BuildOutput shows and writes all lines, and keeps the end of what is no build's own log", () => {
  const ctx = testContext();
  const written: string[] = [];
  const output = new BuildOutput(ctx, (line) => void written.push(line), true);
  const event = (value: unknown) => `@nix ${JSON.stringify(value)}`;
  output.line(event({ action: "msg", level: 0, msg: "error: one\ntwo" }));
  output.line(event({ action: "result", id: 1, type: 101, fields: ["compiling"] }));
  output.line("a line of its own");
  equal(output.errors, "error: one\ntwo\na line of its own\n");
  deepEqual(written.slice(0, 2), ["error: one", "two"]);
  ok(written.some((line) => line.includes("compiling")));
  deepEqual(ctx.printed, written);
});

Deno.test("BuildOutput counts what is built and fetched, and no bytes among it", () => {
  const ctx = testContext();
  const notes: (string | undefined)[] = [];
  const progress = () => ({
    update: (_: number, note?: string) => void notes.push(note),
    done: () => {},
    fail: () => {},
  });
  const output = new BuildOutput({ ...ctx, ui: { ...ctx.ui, progress } }, () => {}, true);
  const event = (value: object) => output.line(`@nix ${JSON.stringify(value)}`);
  const start = (id: number, type: number) =>
    event({ action: "start", id, level: 0, type, text: "" });
  const told = (id: number, ...fields: number[]) =>
    event({ action: "result", id, type: 105, fields });
  // All builds, all paths, one path and one download, as logging.hh numbers them.
  [104, 103, 100, 101].forEach((type, id) => start(id, type));
  told(0, 1, 4, 1, 0);
  told(2, 4096, 65536, 0, 0);
  told(3, 1000, 2000, 0, 0);
  told(1, 2, 3, 1, 0);
  deepEqual(notes, ["1 of 4", "3 of 7"]);
});

Deno.test("BuildOutput keeps no more of a very long output than its end", () => {
  const output = new BuildOutput(testContext(), () => {}, false);
  const line = "x".repeat(1000);
  for (let i = 0; i < 1000; i++) output.line(`${i} ${line}`);
  ok(output.errors.endsWith(`999 ${line}\n`));
  ok(output.errors.length >= 256 * 1024 && output.errors.length <= 512 * 1024);
});
