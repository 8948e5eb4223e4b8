import assert from "node:assert/strict";
import { renderStyles, sign, style, visibleWidth } from "../../lib/layout/style.ts";

Deno.test("renderStyles() colours marked text, or leaves the bare text", () => {
  const text = `${style.red("stop")} and ${style.bold("go")}`;
  assert.equal(
    renderStyles(text, { colour: true, plain: false }),
    "\x1b[31mstop\x1b[0m and \x1b[1mgo\x1b[0m",
  );
  assert.equal(renderStyles(text), "stop and go");
});

Deno.test("visibleWidth() does not count marks", () => {
  assert.equal(visibleWidth(style.green("four")), 4);
  assert.equal(visibleWidth("🦉"), 1);
});

Deno.test("renderStyles() writes signs as symbols, or in plain mode as words", () => {
  const text = `${sign.fail} one ${sign.leads} two`;
  assert.equal(renderStyles(text), "✗ one → two");
  assert.equal(renderStyles(text, { colour: false, plain: true }), "failed: one to two");
  assert.equal(visibleWidth(text), 11);
});

Deno.test("every sign has a shape of its own beside the colour", () => {
  const states = [sign.pass, sign.warn, sign.fail, sign.skip].map((mark) => renderStyles(mark));
  assert.equal(new Set(states).size, states.length);
});
