import assert from "node:assert/strict";
import { allDocuments } from "../../nix/man.ts";
import { helpText } from "../../lib/program/help.ts";
import { manualPage } from "../../lib/program/manual.ts";
import { systemInstaller } from "../../cmd/system-installer.ts";
import { validator } from "../../cmd/validator.ts";
import { hasCommand, need } from "../support/needs.ts";

const hasMandoc = need(
  hasCommand("mandoc"),
  "mandoc is not installed: manual pages are not linted",
);

/** The options `--help` lists, `--no-` forms included. */
function helpOptions(help: string): string[] {
  const options = help.slice(help.indexOf("\nOptions:"), help.indexOf("\nExamples:"));
  const [own = "", shared = ""] = options.split("\nOptions of every tool:");
  const names = [...`${own}\n${shared.startsWith("\n") ? shared : ""}`
    .matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map((match) => match[1]!);
  // Where there is no room for a table of the shared ones, they are named in a row.
  const row = shared.startsWith("\n") ? "" : shared;
  return [...names, row].flatMap((name) => name.match(/--[a-z-]+/g) ?? []);
}

Deno.test("manualPage() has every option of --help", () => {
  const names = helpOptions(helpText(systemInstaller));
  assert.ok(names.includes("--no-force") && names.includes("--help"), names.join());
  const page = manualPage(systemInstaller, "installs", "1").replaceAll("\\-", "-");
  for (const name of names) assert.ok(page.includes(`\\fB${name}\\fR`), name);
  assert.match(page, /One of: build, test, switch\./);
  assert.deepEqual(
    [...page.matchAll(/\\fB(--[a-z-]+)\\fR/g)].map((match) => match[1]).sort(),
    names.toSorted(),
  );
});

Deno.test("manualPage() escapes what man would take for a request", () => {
  const page = manualPage(
    { ...validator, purpose: ".so /etc/shadow\n'quoted \\fB" },
    "checks",
    "1",
  );
  assert.match(page, /^\\&\.so \/etc\/shadow$/m);
  assert.match(page, /^\\&'quoted \\efB$/m);
});

Deno.test("manual pages of all tools are free of errors", { ignore: !hasMandoc }, () => {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [name, files] of Object.entries(allDocuments())) {
      const page = `${folder}/${name}.8`;
      Deno.writeTextFileSync(page, files[`man/man8/${name}.8`]!);
      const { stdout } = new Deno.Command("mandoc", { args: ["-Tlint", "-W", "warning", page] })
        .outputSync();
      const said = new TextDecoder().decode(stdout).split("\n");
      // Pages are the same on every day, so they bear none.
      assert.deepEqual(said.filter((line) => line && !line.includes("missing date")), []);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
