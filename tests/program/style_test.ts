import assert from "node:assert/strict";
import { renderStyles, style, visibleWidth } from "../../lib/program/style.ts";

Deno.test("renderStyles() colours marked text, or leaves the bare text", () => {
  const text = `${style.red("stop")} and ${style.bold("go")}`;
  assert.equal(renderStyles(text, true), "\x1b[31mstop\x1b[0m and \x1b[1mgo\x1b[0m");
  assert.equal(renderStyles(text, false), "stop and go");
});

Deno.test("visibleWidth() does not count marks", () => {
  assert.equal(visibleWidth(style.green("four")), 4);
  assert.equal(visibleWidth("🦉"), 1);
});
