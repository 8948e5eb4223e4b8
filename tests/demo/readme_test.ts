/** What the README promises is there. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

Deno.test("README.md links to every page of docs/", () => {
  for (const { name, isFile } of Deno.readDirSync(new URL("docs", ROOT))) {
    if (isFile) assert.ok(README.includes(`](docs/${name})`), `docs/${name} is not linked`);
  }
});

Deno.test("README.md names tasks that are there", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const named = [...README.matchAll(/deno@[\d.]+ task ([\w-]+)/g)].map((match) => match[1]!);
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(name in tasks, name);
});
