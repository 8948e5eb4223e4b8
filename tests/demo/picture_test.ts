import assert from "node:assert/strict";
import { renderPicture } from "./picture.ts";

const CAPTURE =
  '\x1b[1m── Machine\n\x1b[0m\x1b[39m\x1b[49m  boot  \x1b[32m✓\x1b[39m <BIOS> & "grub"\n' +
  "  one\n  two\n  three\n  four\n\nend \x1b[2mof it\x1b[0m\n";

const options = {
  title: "A <plan> & more",
  description: 'what "it" is',
  columns: 80,
  frames: [{ command: "system-installer --dry-run", screen: CAPTURE }],
};

Deno.test("renderPicture() makes well-formed XML that holds the text, the title and the look", () => {
  const svg = renderPicture(options);
  const texts = elements(svg);
  assert.ok(texts.includes("A <plan> & more"));
  assert.ok(texts.includes('what "it" is'));
  assert.ok(texts.includes("system-installer --dry-run"));
  assert.ok(texts.includes('<BIOS> & "grub"'));
  assert.match(svg, /<text [^>]*font-weight="bold">── Machine</);
  assert.match(svg, /<text [^>]*fill="#7ddb8f">✓</);
  // Looks end where the terminal ends them.
  assert.match(svg, /<text x="[\d.]+" y="[\d.]+">boot<\/text>/);
  assert.match(svg, /viewBox="0 0 715 \d+"/);
});

Deno.test("renderPicture() puts every span at its own column", () => {
  const svg = renderPicture({ ...options, frames: [{ command: "x", screen: "ab\x1b[31m  cd" }] });
  const x = Number(/x="([\d.]+)"[^>]*>cd</.exec(svg)?.[1]);
  assert.ok(Math.abs(x - (20 + 4 * 8.43)) < 0.01, String(x));
});

Deno.test("renderPicture() leaves out what is folded, and says how much", () => {
  const svg = renderPicture({ ...options, folds: [{ after: /^ {2}one/, before: /^$/ }] });
  assert.ok(elements(svg).includes("⋮ 3 more lines"));
  assert.doesNotMatch(svg, /three/);
  assert.match(svg, />of it</);
});

Deno.test("renderPicture() shows several looks at one screen below each other", () => {
  const frames = [
    { command: "smart-sync", screen: "half" },
    { command: "smart-sync", screen: "done", later: true },
  ];
  const svg = renderPicture({ ...options, frames });
  assert.equal(svg.split(">smart-sync<").length, 2);
  const y = (text: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${text}<`).exec(svg)?.[1]);
  assert.equal(y("done") - y("half"), 2 * 19);
});

for (
  const [name, words] of [
    ["plan", ["── Machine", "── Will it come back?", "root can become root: is root"]],
    ["sync", ["Receiving objects", "MasterofNull/Hyper-NixOS @ main"]],
  ] as const
) {
  Deno.test(`docs/images/${name}.svg is such a picture`, async () => {
    const path = new URL(`../../docs/images/${name}.svg`, import.meta.url);
    const texts = elements(await Deno.readTextFile(path)).join("\n");
    for (const word of words) assert.ok(texts.includes(word), word);
    assert.doesNotMatch(texts, /\/tmp\/|this is a bug|error:/);
  });
}

/**
 * The texts of a document's elements.
 * @throws AssertionError when it is not well-formed (XML 1.0, of which this is the part that is used)
 */
function elements(xml: string): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  const token = /<(\/?)([a-z]+)((?: [A-Za-z:-]+="[^"<&]*(?:&\w+;[^"<&]*)*")*)(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [all, closing, name = "", , empty, text] of xml.matchAll(token)) {
    end += all.length;
    if (text !== undefined) {
      assert.match(text, /^([^&]|&(amp|lt|gt|quot);)*$/);
      if (text.trim() !== "") texts.push(unescape(text));
    } else if (closing) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
  }
  assert.equal(end, xml.length, `not understood: ${xml.slice(end, end + 60)}`);
  assert.deepEqual(open, []);
  return texts;
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
