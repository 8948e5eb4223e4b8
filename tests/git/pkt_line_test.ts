import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { commandRequest, packetLine, readPackets } from "../../lib/git/pkt_line.ts";

async function packets(text: string, size: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.slice(at, at + size));
    }
  };
  const found: string[] = [];
  for await (const packet of readPackets(chunks())) {
    found.push(typeof packet === "string" ? packet : new TextDecoder().decode(packet));
  }
  return found;
}

Deno.test("commandRequest() is framed as gitprotocol-v2(5) says", () => {
  equal(
    new TextDecoder().decode(commandRequest("ls-refs", ["agent=a"], ["peel"])),
    "0014command=ls-refs\n000cagent=a\n00010009peel\n0000",
  );
});

Deno.test("readPackets() gives back what was framed, however it arrives", async () => {
  const line = fc.string({ maxLength: 40, unit: "grapheme" });
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 50 }), async (lines, size) => {
      const framed = lines.map(packetLine).join("") + "0001" + "0000";
      deepEqual(await packets(framed, size), [...lines.map((l) => `${l}\n`), "delimiter", "flush"]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("readPackets() refuses what is no pkt-line, and an end inside of one", async () => {
  for (const text of ["<html>", "0003", "zzzz", "0010abc", "00"]) await rejects(packets(text, 3));
});
