import assert from "node:assert/strict";
import { parseCommandLine } from "../../lib/program/command_line.ts";
import { eachTool } from "../../nix/man.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const DOCS = [...Deno.readDirSync(`${REPOSITORY}/docs`)].map(({ name }) => `docs/${name}`);
const pages = [...DOCS, "README.md"].filter((path) => path.endsWith(".md"));

/** The command lines in the blocks of a page that start this tool; the words after its name. */
function commandLines(page: string, tool: string): string[] {
  const start = new RegExp(
    `^(?:\\$ )?(?:sudo (?:--\\S+ )?)?(?:nix run \\S*#)?${tool}(?: -- |(?= |$))(.*)$`,
  );
  return [...page.matchAll(/^```(?:sh|text)?\n([^]*?)^```$/gm)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .flatMap((line) => line.match(start)?.[1] ?? [])
    .map((line) => line.replace(/ *(#|\||&&).*$/, "").trim());
}

/** Expects a command line to be one that the tool takes. */
function expectTaken(parse: (args: readonly string[]) => unknown, line: string): void {
  const args = line.split(/ +/).filter((word) => word !== "");
  assert.doesNotThrow(() => parse(args), line);
}

eachTool((tool) =>
  Deno.test(`every command line that the pages and --help show of ${tool.name} is one it takes`, () => {
    const parse = (args: readonly string[]) => parseCommandLine(tool, args);
    let seen = 0;
    for (const path of pages) {
      for (const line of commandLines(Deno.readTextFileSync(`${REPOSITORY}/${path}`), tool.name)) {
        expectTaken(parse, line);
        seen++;
      }
    }
    assert.ok(seen >= 5, `only ${seen} were found`);
    for (const [command] of tool.examples) {
      const line = command.replace(/^sudo /, "").replace(/ \|.*$/, "");
      assert.ok(line.startsWith(tool.name), command);
      expectTaken(parse, line.slice(tool.name.length));
    }
  })
);
