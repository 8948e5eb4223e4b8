import { deepEqual, equal } from "node:assert/strict";
import { AnswerBody } from "../../lib/github/answer_body.ts";
import { SilenceGuard } from "../../lib/github/silence_guard.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function withGuard(use: (guard: SilenceGuard) => Promise<void>): Promise<void> {
  const guard = new SilenceGuard(20_000, Infinity, new AbortController().signal);
  try {
    await use(guard);
  } finally {
    guard.stop();
  }
}

Deno.test("AnswerBody gives all that arrives, and counts it", async () => {
  await withGuard(async (guard) => {
    let count = 0;
    const response = new Response(ReadableStream.from([bytes("one"), bytes("two")]));
    const body = new AnswerBody(response, guard, (more) => count += more);
    const chunks: string[] = [];
    for await (const chunk of body) chunks.push(new TextDecoder().decode(chunk));
    deepEqual(chunks, ["one", "two"]);
    equal(count, 6);
    equal(body.ended, true);
    equal(new AnswerBody(new Response(null), guard, () => {}).ended, true);
  });
});

Deno.test("AnswerBody.drop() reads what a reader left, so that the connection is free", async () => {
  await withGuard(async (guard) => {
    const response = new Response(ReadableStream.from([bytes("enough"), bytes("rest")]));
    const body = new AnswerBody(response, guard, () => {});
    for await (const _ of body) break;
    equal(body.ended, false);
    await body.drop();
    equal(body.ended, true);
  });
});

Deno.test("AnswerBody.drop() gives up an answer that does not end or breaks off", async () => {
  await withGuard(async (guard) => {
    let given = false;
    const endless = new ReadableStream<Uint8Array>({ cancel: () => void (given = true) });
    await new AnswerBody(new Response(endless), guard, () => {}).drop();
    equal(given, true);
    const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error("reset")) });
    await new AnswerBody(new Response(broken), guard, () => {}).drop();
  });
});
