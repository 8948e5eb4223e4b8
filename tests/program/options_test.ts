import { deepEqual, equal, throws } from "node:assert/strict";
import { checked, flag, OptionError, optionName, wholeNumber } from "../../lib/program/options.ts";

for (
  const [text, value] of [
    ["1", 1],
    ["90", 90],
    ["0090", 90],
    ["100", 100],
    ["0", undefined],
    ["101", undefined],
    ["-5", undefined],
    ["+5", undefined],
    ["5.0", undefined],
    ["1e1", undefined],
    ["0x10", undefined],
    [" 5", undefined],
    ["5\n", undefined],
    ["٥", undefined],
    ["", undefined],
    ["9".repeat(400), undefined],
  ] as const
) {
  Deno.test(`wholeNumber() from 1 to 100 takes ${JSON.stringify(text)} for ${value ?? "none"}`, () => {
    const parse = wholeNumber(1, 100, "seconds are");
    if (value !== undefined) return equal(parse(text), value);
    throws(
      () => parse(text),
      (error) =>
        error instanceof OptionError &&
        error.message === "seconds are a whole number from 1 to 100",
    );
  });
}

Deno.test("checked() says what is wrong, and gives back what is not", () => {
  const parse = checked((text) => text === "" ? "it is empty" : undefined);
  equal(parse("x"), "x");
  throws(() => parse(""), new OptionError("it is empty"));
});

Deno.test("optionName() is what is typed, and a flag is off unless it says otherwise", () => {
  deepEqual(["json", "checkOnly", "targetHost"].map(optionName), [
    "--json",
    "--check-only",
    "--target-host",
  ]);
  deepEqual([flag({ description: "" }).default, flag({ description: "", default: true }).default], [
    false,
    true,
  ]);
});
