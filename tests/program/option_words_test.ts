import { deepEqual, equal } from "node:assert/strict";
import { fullDescription, isCommon, optionWords } from "../../lib/program/option_words.ts";
import { flag, text } from "../../lib/program/options.ts";
import type { Tool } from "../../lib/program/tool.ts";

function words(options: Record<string, unknown>) {
  return optionWords({ options } as unknown as Tool<Record<string, never>>);
}

Deno.test("optionWords() has each form that can be typed, in the order of the table", () => {
  const table = {
    keepConfig: flag({ description: "keep it", default: true, details: "all of it" }),
    quick: flag({ description: "hurry" }),
    to: text({ argument: "X", description: "where to" }),
    name: { ...text({ argument: "N", description: "a name", default: "n" }), negatable: true },
  };
  const own = words(table).filter((word) => !isCommon(word));
  deepEqual(
    own.map(({ long, default: value, negates }) => [long, value, negates]),
    [
      ["keep-config", "on", false],
      ["no-keep-config", undefined, true],
      ["quick", undefined, false],
      ["to", undefined, false],
      ["name", "n", false],
      ["no-name", undefined, true],
    ],
  );
  equal(fullDescription(own[0]!), "keep it; all of it");
  equal(fullDescription(own[1]!), "turn --keep-config off");
  equal(own[5]!.argument, undefined, "a --no- form takes no value");
});

Deno.test("optionWords() adds what every tool has, colour only as it is switched off", () => {
  const common = words({}).filter(isCommon);
  const names = common.map(({ long }) => long);
  for (const name of ["verbose", "yes", "no-color", "root", "version", "help"]) {
    equal(names.filter((one) => one === name).length, 1, name);
  }
  equal(names.includes("color"), false);
  deepEqual(
    common.filter(({ short }) => short !== undefined).map(({ long, short }) => [long, short]),
    [
      ["help", "h"],
    ],
  );
});
