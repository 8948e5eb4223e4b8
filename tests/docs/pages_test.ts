import assert from "node:assert/strict";
import { renewPage } from "../../lib/program/reference.ts";
import HOST_FILES from "../../lib/nix/expressions/host_files.json" with { type: "json" };
import { hostFiles, renewedPages } from "../../nix/docs.ts";

const DOCS = new URL("../../docs", import.meta.url).pathname;
const pages = [...Deno.readDirSync(DOCS)].map(({ name }) => name).filter((name) =>
  name.endsWith(".md")
);

for (const [path, renewed] of renewedPages()) {
  const name = path.split("/").at(-1);
  Deno.test(`docs/${name} says of options, environment and exit codes what the code says`, () => {
    const page = Deno.readTextFileSync(path);
    assert.equal(page, renewed, "renew it with: deno task docs");
    const headings = name === "recovery.md"
      ? ["Exit codes"]
      : ["A first run", "Options", "Examples", "Files", "Environment", "Exit codes"];
    for (const heading of headings) assert.match(page, new RegExp(`^## ${heading}$`, "m"));
  });
}

Deno.test("what is installed beside a published tree is what nix/ says", () => {
  assert.deepEqual(HOST_FILES, hostFiles(), "renew it with: deno task docs");
});

Deno.test("renewPage() refuses a page that lacks a part, or has one that nothing makes", () => {
  const page = "a\n<!-- made: options -->\n<!-- end -->\nb\n";
  const renewed = "a\n<!-- made: options -->\n\nall\n\n<!-- end -->\nb\n";
  assert.equal(renewPage(page, new Map([["options", "all"]])), renewed);
  assert.equal(renewPage(renewed, new Map([["options", "all"]])), renewed);
  assert.throws(() => renewPage("# a\n", new Map([["options", "all"]])), /no marks for: options/);
  assert.throws(() => renewPage(page, new Map()), /nothing makes "options"/);
});

for (const name of [...pages, "../README.md", "../CONTRIBUTING.md"]) {
  Deno.test(`links in docs/${name} lead somewhere`, () => {
    const page = Deno.readTextFileSync(`${DOCS}/${name}`);
    for (const [, target = ""] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? name : `${name.replace(/[^/]*$/, "")}${path}`;
      const at = new URL(file, `file://${DOCS}/`);
      assert.ok(Deno.statSync(at), target);
      if (anchor) {
        assert.ok(
          anchors(Deno.readTextFileSync(at)).includes(anchor),
          `${name} links to ${target}`,
        );
      }
    }
  });
}

/** The anchors that GitHub gives to headings. */
function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}
