/**
 * What the tests of one file share: made when the first one asks for it, disposed of after the last.
 * @returns what gives it; each test works on a copy, or leaves it as it was
 */
export function shared<T extends Disposable | AsyncDisposable>(
  make: () => T | Promise<T>,
): () => Promise<T> {
  let made: Promise<T> | undefined;
  Deno.test.afterAll(async () => {
    await using _last = await made;
  });
  return () => made ??= Promise.resolve(make());
}
