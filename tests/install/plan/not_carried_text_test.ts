import { equal, match, ok } from "node:assert/strict";
import { renderStyles } from "../../../lib/layout/style.ts";
import { notCarriedText } from "../../../lib/install/plan/not_carried_text.ts";
import { testContext } from "../../support/context.ts";

function setting(option: string, value: unknown, ...files: string[]) {
  return { option: option.split("."), files, value };
}

function text(found: Parameters<typeof notCarriedText>[1], all = false, columns = 80): string {
  return renderStyles(notCarriedText(testContext(), found, columns, all));
}

Deno.test("notCarriedText() lists options below the files that say them", () => {
  const shown = text({
    settings: [
      setting("services.a.enable", true, "/etc/nixos/a.nix"),
      setting("services.b.port", 8080, "/etc/nixos/b.nix"),
      setting("services.c.name", "x", "/etc/nixos/a.nix"),
      setting("services.d.x", null),
    ],
    unreadable: ["services.e"],
  });
  match(
    shown,
    /from \/etc\/nixos\/a\.nix\n.*services\.a\.enable +true\n.*services\.c\.name +"x"\n/,
  );
  match(shown, /from a file that is not known\n.*services\.d\.x/);
  match(shown, /could not be read, and may be missing: services\.e/);
  match(shown, /put into local\.nix what is still wanted/);
});

Deno.test("notCarriedText() takes a screen at most, and says how many are left out", () => {
  const many = Array.from(
    { length: 20_000 },
    (_, index) => setting(`services.s${index}.enable`, true, `/etc/nixos/${index % 7}.nix`),
  );
  const shown = text({ settings: many, unreadable: [] });
  const [, more] = /^ {2}(\d+) more: --verbose shows them/m.exec(shown)!;
  const listed = shown.split("\n").filter((line) => /services\.s\d/.test(line)).length;
  equal(Number(more) + listed, many.length);
  ok(listed > 5 && shown.split("\n").length <= 24, shown);
  const everything = text({ settings: many.slice(0, 200), unreadable: [] }, true);
  equal(everything.split("\n").filter((line) => /services\.s\d/.test(line)).length, 200);
});

Deno.test("notCarriedText() cuts long values, and lets no value steer a terminal", () => {
  const long = setting("a.b", "x".repeat(500), "/etc/nixos/a.nix");
  match(text({ settings: [long], unreadable: [] }, false, 200), /x{58}…/);
  match(text({ settings: [long], unreadable: [] }, true, 900), /x{500}/);
  const hostile = setting("a.\u001b[2J", "\u001b[31m", "/etc/\u001b[1m.nix");
  ok(!text({ settings: [hostile], unreadable: [] }).includes("\u001b[2J"));
  ok(!text({ settings: [hostile], unreadable: [] }).includes("\u001b[31m"));
});

Deno.test("notCarriedText() says when nothing is lost, and when nobody knows", () => {
  match(text({ settings: [], unreadable: [] }), /all that your files say is in the new host/);
  match(text({ unknown: "no Nix" }, false, 200), /could not be listed: no Nix/);
});
